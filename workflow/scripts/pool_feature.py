"""Collect labelled jets with a feature as a score."""

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.parts import TRAIN
from oddjet.estimate import feature_files
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, truths = snakemake.input, snakemake.params.truths
tests = dict(zip(truths, given.tests, strict=True))
parts = feature_files.read_parts(given.normal, tests, [snakemake.params.feature])
scores = {part: values[:, 0] for part, values in parts.items() if part != TRAIN}
labels = truth.read_truths(truths, given.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(scores, labels, partial)
