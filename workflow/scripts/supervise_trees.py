"""Score the jets of labelled tests by the weak tagger's classifiers, told the labels of others."""

import numpy as np

from oddjet.common import hdf5_files, scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, TRAIN
from oddjet.common.provenance import describe
from oddjet.estimate import feature_files
from oddjet.evaluate import supervised_trees, truth

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
seed = int(snakemake.wildcards.seed)
tests = dict(zip(params.truths, given.tests, strict=True))
names = feature_files.names_of(given.normal, params.exclude)
features = feature_files.read_parts(given.normal, tests, names)
truths = truth.read_truths(params.truths, given.truths)
labels = truth.with_control(truths, len(features[CONTROL]))
jets = np.concatenate([features[part] for part in labels])
found = supervised_trees.cross_fit(
    features[TRAIN], jets, np.concatenate(list(labels.values())), seed
)
with replacing(snakemake.output[0]) as partial, hdf5_files.create(partial) as target:
    for part, scores in truth.by_part(found, labels).items():
        for name in params.names:
            target[f"{part}/{scorefiles.supervised(name)}"] = scores.astype(np.float32)
    inputs = truth.inputs(given.normal, tests, given.truths)
    target.attrs.update(describe({"exclude": list(params.exclude)}, inputs, seed=seed))
