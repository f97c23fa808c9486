"""Collect labelled jets with the scores of one model."""

from oddjet.common import scorefiles, script
from oddjet.common.files import replacing
from oddjet.estimate import ensemble
from oddjet.evaluate import pool, truth

script.begin(snakemake)
scores = ensemble.mean_rank(
    [
        scorefiles.read_scores(path, snakemake.params.anomaly_score)
        for path in snakemake.input.scores
    ]
)
labels = truth.read_truths(snakemake.params.truths, snakemake.input.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(scores, labels, partial)
