"""Labelled jets that networks tell apart, as images and as constituents."""

from pathlib import Path

import h5py
import numpy as np
from conftest import blobs

from oddjet.prepare.sparse import SparseFile, SparseImages

CNN = {"inputs": "images"}
DENSE = {"inputs": "constituents", "leading": 3, "hidden": [64, 32]}
LABELS = np.random.default_rng(0).integers(2, size=200)


def images() -> SparseImages:
    """One blob or two, by label."""
    rng = np.random.default_rng(0)
    found = [blobs(rng, [tuple(rng.uniform(4, 11, 2)) for _ in range(1 + x)], 16) for x in LABELS]
    return SparseImages.from_dense(np.stack(found)[:, None].astype(np.float32))


def constituents() -> np.ndarray:
    """Three massless ones of each jet (200, 3, 4), close together or, by label, far apart."""
    rng = np.random.default_rng(0)
    spread = np.where(LABELS, 0.4, 0.1)[:, None]
    axis = [rng.uniform(low, -low, (200, 1)) for low in (-2, -np.pi)]
    eta, phi = (middle + spread * rng.normal(size=(200, 3)) for middle in axis)
    pt = -np.sort(-rng.uniform(50, 300, (200, 3)), axis=1)
    momentum = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(momentum, axis=2).astype(np.float32)


def write_sample(path: Path) -> Path:
    """Write a prepared sample of images and constituents."""
    with h5py.File(path, "w") as file:
        SparseFile.create(file, (1, 16, 16)).append(images())
        file["constituents"] = constituents()
    return path
