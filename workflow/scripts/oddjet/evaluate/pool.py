"""Labelled jets, to draw pseudo-experiments from, in a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from oddjet.common import hdf5_files
from oddjet.common.parts import CONTROL, TRAIN


@dataclass(frozen=True)
class Pool:
    """Labelled jets.

    Attributes:
        background, signal: features (N, d) of a tagger that is still to be trained, or a score and
            what its checks compare jets by (N, 1 + d).
        control, training: sizes of the parts of a run's normal sample; `training` is 0 for scores.
        ordering: the column that jets are ordered by, where some are to be heavier than others.
    """

    background: np.ndarray
    signal: np.ndarray
    control: int
    training: int = 0
    ordering: int = 0


def write_pool(
    jets: Mapping[str, np.ndarray],
    labels: Mapping[str, np.ndarray],
    path: str | Path,
    ordering: int = 0,
) -> None:
    """Write labelled jets as HDF5: `background` and `signal`, and the rest of `Pool` as attributes.

    Args:
        jets: by sample part, columns as of `Pool`, (N, d): `normal_control`, the tests and, of a
            tagger, `normal_train`.
        labels: by test, 0 normal and 1 anomalous, (N,).
        path: of the file.
        ordering: as of `Pool`.
    """
    normal = [jets[part] for part in (CONTROL, TRAIN) if part in jets]
    normal += [jets[test][label == 0] for test, label in labels.items()]
    anomalous = [jets[test][label == 1] for test, label in labels.items()]
    with hdf5_files.create(path) as file:
        file["background"] = np.concatenate(normal)
        file["signal"] = np.concatenate(anomalous)
        file.attrs["control"] = len(jets[CONTROL])
        file.attrs["training"] = len(jets.get(TRAIN, ()))
        file.attrs["ordering"] = ordering


def read_pool(path: str | Path) -> Pool:
    """The jets as `write_pool` left them."""
    with h5py.File(path, "r") as file:
        numbers = {name: int(file.attrs[name]) for name in ("control", "training", "ordering")}
        return Pool(file["background"][:], file["signal"][:], **numbers)
