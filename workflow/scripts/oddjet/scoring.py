"""Reconstruction errors and latent vectors of every event, read and written in pieces."""

from pathlib import Path

import h5py
import numpy as np
import torch

from oddjet.models import Autoencoder
from oddjet.sparse import SparseFile
from oddjet.tensors import DeviceImages, MinMax
from oddjet.training import image_errors


@torch.no_grad()
def score(
    source: h5py.Group,
    rows: np.ndarray,
    target: h5py.Group,
    model: Autoencoder,
    normalisation: MinMax,
    device: torch.device,
) -> None:
    """Score events of a prepared sample.

    Writes into `target` the datasets `event` (N,) int64, the row in the raw file; `error` (N,)
    float32, the reconstruction error in normalised pixels squared; `latent` (N, d) float32.

    Args:
        source: a prepared sample.
        rows: which of its events, ascending, (N,).
    """
    target["event"] = rows.astype(np.int64)
    errors = target.create_dataset("error", len(rows), np.float32)
    done = 0
    for _, images in SparseFile(source).pieces(rows):
        piece = DeviceImages(images, normalisation, device)
        for batch in piece.batches():
            latent = model.encode(batch)
            if done == 0:
                target.create_dataset("latent", (len(rows), latent.shape[1]), np.float32)
            stop = done + len(batch)
            errors[done:stop] = image_errors(batch, model.decode(latent)).cpu().numpy()
            target["latent"][done:stop] = latent.cpu().numpy()
            done = stop


def read_scores(path: str | Path, dataset: str = "error") -> dict[str, np.ndarray]:
    """Read one dataset of every sample part of a scores file: `error`, `event` or `latent`."""
    with h5py.File(path, "r") as file:
        return {part: group[dataset][:] for part, group in file.items()}


def read_truth(path: str | Path) -> np.ndarray:
    """Read prepared truth labels (N,), 0 normal and 1 anomalous. For validation alone."""
    with h5py.File(path, "r") as file:
        return file["label"][:]
