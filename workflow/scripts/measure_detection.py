"""Validate the scores of one model against truth."""

import pandas as pd

from oddjet import ensemble, logs, scorefiles, validation
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
params, given = snakemake.params, snakemake.input
truths = scorefiles.read_truths(params.truths, given.truths)
quantities = validation.read_followed(given.normal, dict(zip(truths, given.tests, strict=True)))
rows = []
for name in scorefiles.SCORES:
    found = [scorefiles.read_scores(path, name) for path in given.scores]
    scores = dict(zip(params.seeds, found, strict=True)) | {"ensemble": ensemble.mean_rank(found)}
    rows += [
        {"model": snakemake.wildcards.model, "score": name} | row
        for row in validation.tabulate(scores, truths, quantities, params.max_fpr)
    ]
with replacing(snakemake.output[0]) as partial:
    pd.DataFrame(rows).to_csv(partial, index=False)
