"""Score the jets of labelled tests by the weak tagger's classifiers, told the labels of others."""

import h5py
import numpy as np

from oddjet.common import hdf5_files, scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.common.provenance import describe
from oddjet.estimate import feature_files
from oddjet.evaluate import supervised_trees, truth

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
seed = int(snakemake.wildcards.seed)
truths = truth.read_truths(params.truths, given.truths)
tests = dict(zip(params.truths, given.tests, strict=True))
names = feature_files.names_of(given.normal, params.exclude)
normal = feature_files.read(given.normal, names)
with h5py.File(given.normal) as sample:
    control = sample["control"][:]
jets = [feature_files.read(path, names) for path in tests.values()]
if any(labels.all() for labels in truths.values()):  # their counterpart
    truths[CONTROL] = np.zeros(control.sum(), np.int8)
    jets.append(normal[control])
labels = np.concatenate(list(truths.values()))
found = supervised_trees.cross_fit(normal[~control], np.concatenate(jets), labels, seed)
borders = np.cumsum([len(part) for part in truths.values()])[:-1]
with replacing(snakemake.output[0]) as partial, hdf5_files.create(partial) as target:
    for part, scores in zip(truths, np.split(found, borders), strict=True):
        for name in params.names:
            target[f"{part}/{scorefiles.supervised(name)}"] = scores.astype(np.float32)
    inputs = {"normal": given.normal, **tests}
    target.attrs.update(describe({"exclude": list(params.exclude)}, inputs, seed=seed))
