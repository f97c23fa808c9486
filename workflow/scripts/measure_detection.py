"""Evaluate the scores of one model against truth."""

from oddjet.common import scorefiles, script
from oddjet.common.tables import write
from oddjet.estimate import ensemble
from oddjet.evaluate import detection, truth

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
truths = truth.read_truths(params.truths, given.truths)
quantities = detection.read_followed(given.normal, dict(zip(truths, given.tests, strict=True)))
scores = {}
for name in params.scores:
    found = [scorefiles.read_scores(path, name) for path in given.scores]
    of_seeds = dict(zip(params.seeds, found, strict=True))
    scores[name] = of_seeds | {"ensemble": ensemble.mean_rank(found)}
for name, table in detection.tables(scores, truths, quantities, params.max_fpr).items():
    table.insert(0, "model", snakemake.wildcards.model)
    write(table, snakemake.output[name])
