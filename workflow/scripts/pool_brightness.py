"""Collect labelled jets with their brightness as a score."""

import h5py
import numpy as np

from oddjet import coverage, logs, scoring
from oddjet.baselines import brightness
from oddjet.files import replacing
from oddjet.parts import CONTROL
from oddjet.sparse import SparseFile

logs.set_up(snakemake.log[0])
given, truths = snakemake.input, snakemake.params.truths


def scored(path: str) -> np.ndarray:
    """The brightness (N, 1) of all jets of a prepared sample."""
    with h5py.File(path) as sample:
        file = SparseFile(sample)
        pieces = file.pieces(np.arange(len(file)))
        return np.concatenate([brightness(images) for _, images in pieces])[:, None]


features = {test: scored(path) for test, path in zip(truths, given.tests, strict=True)}
with h5py.File(given.normal) as normal:
    features[CONTROL] = scored(given.normal)[normal["control"][:]]
labels = {test: scoring.read_truth(path) for test, path in zip(truths, given.truths, strict=True)}
with replacing(snakemake.output[0]) as partial:
    coverage.write_pool(features, labels, partial)
