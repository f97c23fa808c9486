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
# where a jet is from: the row in the raw files, the number of the file, and, where events were
# clustered, which jet of the event it is, fewer than MOST_JETS
ORIGIN = ("event", "source", "jet")
MOST_JETS = 100
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


def copy_origins(sample: h5py.Group, target: h5py.Group, rows: np.ndarray) -> None:
    """Write where some jets of a prepared sample are from, as `ORIGIN` has it."""
    for name in ORIGIN:
        if name in sample:
            target[name] = sample[name][:][rows]


def identities(event: np.ndarray, jet: np.ndarray | None) -> np.ndarray:
    """Numbers (n,) by which jets are known in their sample, int64, ascending as the jets are.

    Args:
        event: the row in the raw files, (n,).
        jet: which jet of it, (n,); None where a row is a jet.
    """
    return event if jet is None else event * MOST_JETS + jet


def identities_in(group: h5py.Group) -> np.ndarray:
    """`identities` (n,) of the jets of a prepared sample, or of a part of a scores file."""
    return identities(group["event"][:], group["jet"][:] if "jet" in group else None)


def read_identities(path: str | Path) -> dict[str, np.ndarray]:
    """`identities` of the jets of every sample part."""
    with h5py.File(path, "r") as file:
        return {part: identities_in(group) for part, group in file.items()}


def rows_of(sample: h5py.Group, jets: np.ndarray) -> np.ndarray:
    """The rows (n,) of a prepared sample that hold these jets (n,), given by their identities."""
    return np.searchsorted(identities_in(sample), jets)
