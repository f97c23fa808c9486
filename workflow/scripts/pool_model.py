"""Collect labelled jets with the scores and latents of one model."""

import numpy as np

from oddjet.common import logs, scorefiles
from oddjet.common.files import replacing
from oddjet.estimate import ensemble
from oddjet.evaluate import coverage, truth

logs.set_up(snakemake.log[0])
paths = snakemake.input.scores
scores = ensemble.mean_rank(
    [scorefiles.read_scores(path, snakemake.params.anomaly_score) for path in paths]
)
latents = scorefiles.read_scores(paths[0], "latent")
features = {part: np.column_stack([values, latents[part]]) for part, values in scores.items()}
labels = truth.read_truths(snakemake.params.truths, snakemake.input.truths)
with replacing(snakemake.output[0]) as partial:
    coverage.write_pool(features, labels, partial)
