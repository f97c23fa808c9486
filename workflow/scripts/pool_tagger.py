"""Collect normal and labelled jets with the features that the weak tagger reads."""

import h5py

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, TRAIN
from oddjet.estimate import feature_files
from oddjet.evaluate import pool, truth

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
names = feature_files.names_of(given.normal, params.exclude)
normal = feature_files.read(given.normal, names)
with h5py.File(given.normal) as sample:
    control = sample["control"][:]
jets = {CONTROL: normal[control], TRAIN: normal[~control]} | {
    test: feature_files.read(path, names)
    for test, path in zip(params.truths, given.tests, strict=True)
}
labels = truth.read_truths(params.truths, given.truths)
ordering = names.index("mass") if "mass" in names else 0
with replacing(snakemake.output[0]) as partial:
    pool.write_pool(jets, labels, partial, ordering)
