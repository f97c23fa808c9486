"""Features of jets, read from prepared samples."""

from collections.abc import Collection, Mapping
from pathlib import Path

import h5py
import numpy as np

from oddjet.common.parts import CONTROL, TRAIN


def names_of(path: str | Path, exclude: Collection[str]) -> list[str]:
    """The names of all features of a prepared sample but the excluded ones."""
    with h5py.File(path) as sample:
        return [name for name in sample["features"] if name not in exclude]


def units_of(path: str | Path, scaled: bool = False) -> tuple[str, str]:
    """The units of momenta and of lengths among the features of a prepared sample.

    Args:
        path: of the sample.
        scaled: whether lengths in pixels were multiplied by the side of one, in radians.
    """
    with h5py.File(path) as sample:
        return sample.attrs["momentum_unit"], "rad" if scaled else sample.attrs["length_unit"]


def read(path: str | Path, names: Collection[str]) -> np.ndarray:
    """The features (N, d) of all jets of a prepared sample, float32."""
    with h5py.File(path) as sample:
        return np.column_stack([sample["features"][name][:] for name in names])


def read_parts(
    normal: str | Path, tests: Mapping[str, str | Path], names: Collection[str]
) -> dict[str, np.ndarray]:
    """The features (N, d), float32, of all jets of prepared samples, by part.

    The normal jets that are not control are all `normal_train`: what learns from features holds
    none of them back for validation.
    """
    features = read(normal, names)
    with h5py.File(normal) as sample:
        control = sample["control"][:]
    parts = {TRAIN: features[~control], CONTROL: features[control]}
    return parts | {test: read(path, names) for test, path in tests.items()}
