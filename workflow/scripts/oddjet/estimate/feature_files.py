"""Features of jets, read from prepared samples."""

from collections.abc import Collection
from pathlib import Path

import h5py
import numpy as np


def names_of(path: str | Path, exclude: Collection[str]) -> list[str]:
    """The names of all features of a prepared sample but the excluded ones."""
    with h5py.File(path) as sample:
        return [name for name in sample["features"] if name not in exclude]


def read(path: str | Path, names: Collection[str]) -> np.ndarray:
    """The features (N, d) of all jets of a prepared sample, float32."""
    with h5py.File(path) as sample:
        return np.column_stack([sample["features"][name][:] for name in names])
