"""Collect labelled jets with the scores and latents of one model."""

import numpy as np

from oddjet import coverage, ensemble, logs, scoring
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
paths = snakemake.input.scores
scores = ensemble.mean_rank([scoring.read_scores(path, snakemake.params.score) for path in paths])
latents = scoring.read_scores(paths[0], "latent")
features = {part: np.column_stack([score, latents[part]]) for part, score in scores.items()}
labels = {
    test: scoring.read_truth(path)
    for test, path in zip(snakemake.params.truths, snakemake.input.truths, strict=True)
}
with replacing(snakemake.output[0]) as partial:
    coverage.write_pool(features, labels, partial)
