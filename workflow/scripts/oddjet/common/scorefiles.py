"""Scores in their files: what they are called, and how they are read back."""

from pathlib import Path

import h5py
import numpy as np

# of what is no autoencoder: quantities of the raw jet, and what learns from normal jets alone
QUANTITIES = ("mass", "width", "lit_pixels", "minus_sum_of_squares")
LEARNT = ("pca_error", "pca_mahalanobis", "isolation_forest")
# the places (N, up to 3) of jets on the first principal components, of images or of latents, and
# the share of the variance along each, an attribute of the file
PCA, PCA_VARIANCE = "pca", "pca_variance"
COMPONENT = "component"  # of the mixture, of each jet of a test


def supervised(network: str) -> str:
    """What the score of a supervised network is called."""
    return f"supervised_{network}"


def read_scores(path: str | Path, dataset: str) -> dict[str, np.ndarray]:
    """Read a dataset, such as `error` or `latent`, of every sample part that has it."""
    with h5py.File(path, "r") as file:
        return {part: group[dataset][:] for part, group in file.items() if dataset in group}


def read_plane(path: str | Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read `PCA_VARIANCE`, (d,), and `PCA` of every sample part, (N, d)."""
    with h5py.File(path, "r") as file:
        shares = file.attrs[PCA_VARIANCE]
    return shares, read_scores(path, PCA)


def rows_of(sample: h5py.Group, events: np.ndarray) -> np.ndarray:
    """The rows (n,) of a prepared sample that hold these events (n,), given as in scores files."""
    return np.searchsorted(sample["event"][:], events)
