"""Estimate the anomalous fractions with one model, and check what they assume."""

import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL, OVERDISPERSION, TAGGER_SCORE
from oddjet.common.tables import write
from oddjet.estimate import (
    check,
    checked_features,
    contamination,
    discovery,
    ensemble,
    fractions,
    overlap,
    uncertainty_budget,
)
from oddjet.estimate.given import Given

script.begin(snakemake)
params, model = snakemake.params, snakemake.wildcards.model
confidence, anchor = params.confidence, params.estimation["anchor"]

files = snakemake.input.scores
of_seeds = [scorefiles.read_scores(path, params.anomaly_score) for path in files]
score = ensemble.mean_rank(of_seeds)
scores = dict(zip(params.seeds, of_seeds, strict=True)) | {"ensemble": score}
table = pd.DataFrame(
    {"model": model, "seed": seed} | row
    for seed, parts in scores.items()
    for row in fractions.tabulate(
        Given(parts, **params.estimation, overdispersion=params.overdispersion), confidence
    )
)
leak = overlap.overlap(score[CONTROL], [score[test] for test in params.tests], anchor)
discovered = discovery.tabulate(score, leak, anchor, params.overdispersion)
largest = max(row["significance"] for row in discovered)
# whose jets are anomalous does not depend on the score: the tagger's limit holds for all. The
# better one of two would hold less often than either.
tagged = ensemble.read(snakemake.input.tagger, TAGGER_SCORE)
most = contamination.most(tagged, anchor, OVERDISPERSION)
if most is None:
    most = contamination.most(score, anchor, params.overdispersion)
found = {
    "fractions": table,
    "uncertainty_budget": uncertainty_budget.budget(
        table,
        score,
        leak,
        contamination.Contamination(**params.contamination, most=most),
        params.background_tilt,
        params.headline,
        anchor,
        confidence,
        params.overdispersion,
    ),
    "discovery": discovered,
    "sensitivity": discovery.sensitivity(score, leak, params.overdispersion, largest),
}

seen = checked_features.read(
    files[0],
    params.anomaly_score,
    snakemake.input.normal,
    dict(zip(params.tests, snakemake.input.tests, strict=True)),
    params.exclude,
)
sample = check.Sample(score, seen, anchor, confidence)
found["checks"] = check.check(sample, params.check_level, params.checks)
for name, rows in found.items():
    content = pd.DataFrame(rows)
    if "model" not in content:
        content.insert(0, "model", model)
    write(content, snakemake.output[name])
