"""Collect labelled jets with the scores of one model, and what its checks compare them by."""

import numpy as np

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.estimate import checked_features, ensemble
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
scores = ensemble.read(given.scores, params.anomaly_score)
tests = dict(zip(params.truths, given.tests, strict=True))
seen = checked_features.read(
    given.scores[0], params.anomaly_score, given.normal, tests, params.exclude
)
jets = {part: np.column_stack([scores[part], features]) for part, features in seen.items()}
labels = truth.read_truths(params.truths, given.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(jets, labels, partial)
