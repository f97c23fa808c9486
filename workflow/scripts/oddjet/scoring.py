"""Reconstruction errors and latent vectors of every event, read and written in pieces."""

from pathlib import Path

import h5py
import numpy as np
import torch
from sklearn.covariance import EmpiricalCovariance

from oddjet.losses import ReconstructionError
from oddjet.models import Autoencoder
from oddjet.parts import TRAIN
from oddjet.sparse import SparseFile
from oddjet.tensors import CPU, DeviceImages, MinMax

SCORES = ("error", "mahalanobis")  # either may be the anomaly score


@torch.no_grad()
def score(
    source: h5py.Group,
    rows: np.ndarray,
    target: h5py.Group,
    model: Autoencoder,
    normalisation: MinMax,
    error: ReconstructionError,
) -> None:
    """Score events of a prepared sample.

    Writes into `target` the datasets `event` (N,) int64, the row in the raw file; `error` (N,)
    float32, the anomaly score: the reconstruction error, or what the model has in its place;
    `latent` (N, d) float32.

    Args:
        source: a prepared sample.
        rows: which of its events, ascending, (N,).
        error: the reconstruction error that is the score.
    """
    target["event"] = rows.astype(np.int64)
    errors = target.create_dataset("error", len(rows), np.float32)
    done = 0
    for _, images in SparseFile(source).pieces(rows):
        piece = DeviceImages(images, normalisation, CPU)
        for batch in piece.batches():
            found, latent = model.score(batch, error)
            if done == 0:
                target.create_dataset("latent", (len(rows), latent.shape[1]), np.float32)
            stop = done + len(batch)
            errors[done:stop] = found.numpy()
            target["latent"][done:stop] = latent.numpy()
            done = stop


def add_mahalanobis(target: h5py.File) -> None:
    """Write beside the latents of each part their Mahalanobis distance (N,) float32.

    Mean and covariance are those of the training part's latents.
    """
    latents = {part: group["latent"][:].astype(np.float64) for part, group in target.items()}
    fitted = EmpiricalCovariance().fit(latents[TRAIN])
    for part, values in latents.items():
        target[part]["mahalanobis"] = np.sqrt(fitted.mahalanobis(values)).astype(np.float32)


def read_scores(path: str | Path, dataset: str) -> dict[str, np.ndarray]:
    """Read one dataset of every sample part of a scores file.

    They are `event`, `error`, `mahalanobis` and `latent`.
    """
    with h5py.File(path, "r") as file:
        return {part: group[dataset][:] for part, group in file.items()}


def read_truth(path: str | Path) -> np.ndarray:
    """Read prepared truth labels (N,), 0 normal and 1 anomalous. For validation alone."""
    with h5py.File(path, "r") as file:
        return file["label"][:]
