"""Validate the scores of one model against truth."""

import pandas as pd

from oddjet import ensemble, logs, scoring, validation
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
errors = [scoring.read_scores(path) for path in snakemake.input.scores]
scores = dict(zip(snakemake.params.seeds, errors, strict=True))
scores["ensemble"] = ensemble.mean_rank(errors)

rows = []
for test, path in zip(snakemake.params.truths, snakemake.input.truths, strict=True):
    labels = scoring.read_truth(path)
    for seed, parts in scores.items():
        rows.append(
            {"model": snakemake.wildcards.model, "seed": seed, "test": test, "score": "error"}
            | validation.detection(labels, parts[test], snakemake.params.max_fpr)
        )
with replacing(snakemake.output[0]) as partial:
    pd.DataFrame(rows).to_csv(partial, index=False)
