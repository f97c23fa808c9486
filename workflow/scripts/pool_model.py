"""Collect labelled jets with the scores of one model."""

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.estimate import ensemble
from oddjet.evaluate import pool, truth

script.begin(snakemake)
scores = ensemble.read(snakemake.input.scores, snakemake.params.anomaly_score)
labels = truth.read_truths(snakemake.params.truths, snakemake.input.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(scores, labels, partial)
