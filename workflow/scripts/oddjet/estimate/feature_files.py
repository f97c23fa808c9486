"""Features of jets, read from prepared samples."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path

import h5py
import numpy as np

from oddjet.common import scorefiles
from oddjet.common.errors import InputError
from oddjet.common.parts import CONTROL, TRAIN


def names_of(path: str | Path, exclude: Collection[str]) -> list[str]:
    """The names of all features of a prepared sample but the excluded ones.

    Raises:
        InputError: there is no feature of a name to exclude, or none is left.
    """
    with h5py.File(path) as sample:
        there = list(sample["features"])
    unknown = [name for name in exclude if name not in there]
    names = [name for name in there if name not in exclude]
    if unknown or not names:
        close = [one for name in unknown for one in get_close_matches(name, there, 1)]
        raise InputError(
            "features.exclude",
            ", ".join(unknown) or "all features",
            f"some of {', '.join(there)}",
            f"did you mean {' or '.join(close)}?" if close else "leave at least one in.",
        )
    return names


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
        stored = sample["features"]
        found = np.empty((len(sample["event"]), len(names)), np.float32)
        for column, name in enumerate(names):
            found[:, column] = stored[name]
    return found


def read_of(path: str | Path, names: Collection[str], jets: np.ndarray) -> np.ndarray:
    """The same (n, d) of the jets (n,) of these identities."""
    with h5py.File(path) as sample:
        rows = scorefiles.rows_of(sample, jets)
    return read(path, names)[rows]


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
