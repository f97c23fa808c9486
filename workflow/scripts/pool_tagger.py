"""Collect normal and labelled jets with the features that the weak tagger reads."""

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.estimate import feature_files
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
names = feature_files.names_of(given.normal, params.exclude)
tests = dict(zip(params.truths, given.tests, strict=True))
jets = feature_files.read_parts(given.normal, tests, names)
labels = truth.read_truths(params.truths, given.truths)
ordering = names.index("mass") if "mass" in names else 0
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(jets, labels, partial, ordering)
