"""Score the jets of labelled tests by a classifier that was told the labels of others."""

import h5py
import numpy as np

from oddjet import devices, logs, scorefiles, supervised
from oddjet.files import replacing
from oddjet.parts import CONTROL
from oddjet.provenance import describe
from oddjet.scorefiles import SUPERVISED
from oddjet.sparse import SparseFile, SparseImages
from oddjet.tensors import make_repeatable

logs.set_up(snakemake.log[0])
params, given, seed = snakemake.params, snakemake.input, int(snakemake.wildcards.seed)
truths = scorefiles.read_truths(params.truths, given.truths)
images = {}
for test, path in zip(params.truths, given.tests, strict=True):
    with h5py.File(path) as sample:
        images[test] = SparseFile(sample).read()
if any(labels.all() for labels in truths.values()):  # their counterpart
    with h5py.File(given.normal) as normal:
        images[CONTROL] = SparseFile(normal).select(np.flatnonzero(normal["control"][:]))
    truths[CONTROL] = np.zeros(len(images[CONTROL]), np.int8)
labels = np.concatenate(list(truths.values()))
with devices.leased(params.device) as device:
    make_repeatable(seed, snakemake.threads)
    scores = supervised.cross_fitted(
        SparseImages.join([images[part] for part in truths]),
        labels,
        params.smoothing,
        params.epochs,
        seed,
        device,
    )
borders = np.cumsum([len(part) for part in truths.values()])[:-1]
with replacing(snakemake.output[0]) as partial, h5py.File(partial, "w") as target:
    for part, found in zip(truths, np.split(scores, borders), strict=True):
        target[f"{part}/{SUPERVISED}"] = found.astype(np.float32)
    configuration = {name: params[name] for name in ("epochs", "smoothing")}
    inputs = dict(zip(params.truths, given.tests, strict=True))
    target.attrs.update(describe(configuration, inputs, seed=seed, device=device.type))
