"""Scores of labelled jets, to draw pseudo-experiments from, in a file."""

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np

from oddjet.common.parts import CONTROL


def write_pool(
    scores: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray], path: str | Path
) -> None:
    """Write labelled jets as HDF5: scores `background` and `signal` (N,), the size of control.

    Args:
        scores: by sample part, (N,): `normal_control` and the tests.
        labels: by test, 0 normal and 1 anomalous, (N,).
        path: of the file.
    """
    control = scores[CONTROL]
    normal = [control, *(scores[test][label == 0] for test, label in labels.items())]
    anomalous = [scores[test][label == 1] for test, label in labels.items()]
    with h5py.File(path, "w") as file:
        file["background"] = np.concatenate(normal)
        file["signal"] = np.concatenate(anomalous)
        file.attrs["control"] = len(control)


def read_pool(path: str | Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Background, signal and the size of control, as `write_pool` left them."""
    with h5py.File(path, "r") as file:
        return file["background"][:], file["signal"][:], int(file.attrs["control"])
