"""Estimate the anomalous fractions with one model."""

import pandas as pd

from oddjet import ensemble, fractions, logs, scoring
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
settings = {name: value for name, value in snakemake.params.fraction.items() if name != "headline"}
errors = [scoring.read_scores(path) for path in snakemake.input.scores]
scores = dict(zip(snakemake.params.seeds, errors, strict=True))
scores["ensemble"] = ensemble.mean_rank(errors)

rows = [
    {"model": snakemake.wildcards.model, "seed": seed} | row
    for seed, parts in scores.items()
    for row in fractions.estimate(parts, **settings)
]
with replacing(snakemake.output[0]) as partial:
    pd.DataFrame(rows).to_csv(partial, index=False)
