"""Evaluate the baselines against truth."""

from oddjet.common import scorefiles, script
from oddjet.common.parts import BASELINE
from oddjet.common.tables import write
from oddjet.estimate import ensemble
from oddjet.evaluate import detection, truth

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
truths = truth.read_truths(params.truths, given.truths)
quantities = detection.read_followed(given.normal, dict(zip(truths, given.tests, strict=True)))


def of_seeds(paths: list[str], name: str) -> dict:
    """Scores by seed."""
    found = [scorefiles.read_scores(path, name) for path in paths]
    return dict(zip(params.seeds, found, strict=True))


# what needs no training is the same for all seeds
scores = {}
for name in scorefiles.QUANTITIES:
    scores[name] = {"ensemble": scorefiles.read_scores(given.scores[0], name)}
for name in scorefiles.LEARNT:
    found = of_seeds(given.scores, name)
    scores[name] = found | {"ensemble": ensemble.mean_rank(list(found.values()))}
for name, paths in (
    *((network, given.supervised) for network in params.networks),
    *((trees, given.trees) for trees in params.tree_names),
):
    name = scorefiles.supervised(name)
    found = of_seeds(paths, name)
    scores[name] = found | {"ensemble": ensemble.mean(list(found.values()))}

for name, table in detection.tables(scores, truths, quantities, params.max_fpr).items():
    table.insert(0, "model", BASELINE)
    write(table, snakemake.output[name])
