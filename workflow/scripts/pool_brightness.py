"""Collect labelled jets with minus the sum of their squared pixels as a score."""

import h5py

from oddjet.common import logs
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.evaluate import coverage, truth

logs.set_up(snakemake.log[0])
given, truths = snakemake.input, snakemake.params.truths
features = {}
for part, path in {**dict(zip(truths, given.tests, strict=True)), CONTROL: given.normal}.items():
    with h5py.File(path) as sample:
        score = sample["features/minus_sum_of_squares"][:]
        features[part] = score[sample["control"][:] if part == CONTROL else ...][:, None]
labels = truth.read_truths(truths, given.truths)
with replacing(snakemake.output[0]) as partial:
    coverage.write_pool(features, labels, partial)
