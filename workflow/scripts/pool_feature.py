"""Collect labelled jets with a feature as a score."""

import h5py

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, truths = snakemake.input, snakemake.params.truths
scores = {}
for part, path in {**dict(zip(truths, given.tests, strict=True)), CONTROL: given.normal}.items():
    with h5py.File(path) as sample:
        score = sample["features"][snakemake.params.feature][:]
        scores[part] = score[sample["control"][:] if part == CONTROL else ...]
labels = truth.read_truths(truths, given.truths)
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(scores, labels, partial)
