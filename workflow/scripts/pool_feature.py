"""Collect labelled jets with a feature as a score, and all features to compare them by."""

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.parts import TRAIN
from oddjet.estimate import feature_files
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
names = feature_files.names_of(given.normal, params.exclude)
tests = dict(zip(params.truths, given.tests, strict=True))
jets = feature_files.read_parts(given.normal, tests, [params.feature, *names])
del jets[TRAIN]  # a feature is a score without training
labels = truth.read_truths(params.truths, given.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(jets, labels, partial)
