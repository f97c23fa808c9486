"""Scores and truths in their files: what they are called, and how they are read back."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

SCORES = ("error", "mahalanobis")  # of an autoencoder; either may be the anomaly score
# of what is no autoencoder: quantities of the raw jet, and what learns from normal jets alone
QUANTITIES = ("mass", "width", "lit_pixels", "minus_sum_of_squares")
LEARNT = ("pca_error", "pca_mahalanobis", "isolation_forest")
PLANE = "pca"  # coordinates (N, up to 2) on the first principal components


def supervised(network: str) -> str:
    """What the score of a network that was told the labels is called."""
    return f"supervised_{network}"


def read_scores(path: str | Path, dataset: str) -> dict[str, np.ndarray]:
    """Read one dataset of every sample part of a scores file.

    They are `event`, `error`, `mahalanobis` and `latent`.
    """
    with h5py.File(path, "r") as file:
        return {part: group[dataset][:] for part, group in file.items()}


def rows_of(sample: h5py.Group, events: np.ndarray) -> np.ndarray:
    """The rows (n,) of a prepared sample that hold these events (n,), given as in scores files."""
    return np.searchsorted(sample["event"][:], events)


def read_truth(path: str | Path) -> np.ndarray:
    """Read prepared truth labels (N,), 0 normal and 1 anomalous. For validation alone."""
    with h5py.File(path, "r") as file:
        return file["label"][:]


def read_truths(tests: Sequence[str], paths: Sequence[str | Path]) -> dict[str, np.ndarray]:
    """Read the prepared truths of several tests, by their names."""
    return {test: read_truth(path) for test, path in zip(tests, paths, strict=True)}
