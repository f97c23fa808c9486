"""Reconstruction errors and latent vectors of every event, read and written in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
import torch
from sklearn.covariance import EmpiricalCovariance
from torch import Tensor

from oddjet.losses import ReconstructionError
from oddjet.models import Autoencoder
from oddjet.parts import TRAIN
from oddjet.sparse import SparseFile
from oddjet.tensors import CPU, DeviceImages, MinMax


@dataclass(frozen=True)
class PreparedImages:
    """Events of a prepared sample, read from its file a bounded number at a time.

    Attributes:
        sample: the open file.
        rows: which of its events, ascending, (N,).
        normalisation: of the model that sees them.
    """

    sample: h5py.Group
    rows: np.ndarray
    normalisation: MinMax

    def __len__(self) -> int:
        return len(self.rows)

    def batches(self) -> Iterator[Tensor]:
        """All images in order, normalised, a batch at a time."""
        for _, images in SparseFile(self.sample).pieces(self.rows):
            yield from DeviceImages(images, self.normalisation, CPU).batches()


@torch.no_grad()
def score(
    images: PreparedImages,
    target: h5py.Group,
    model: Autoencoder,
    error: ReconstructionError,
) -> None:
    """Score events of a prepared sample.

    Writes into `target` the datasets `event` (N,) int64, the row in the raw file; `error` (N,)
    float32, the anomaly score: the reconstruction error, or what the model has in its place;
    `latent` (N, d) float32.

    Args:
        images: N events of a prepared sample.
        error: the reconstruction error that is the score.
    """
    target["event"] = images.sample["event"][:][images.rows]
    errors = target.create_dataset("error", len(images), np.float32)
    done = 0
    for batch in images.batches():
        found, latent = model.score(batch, error)
        if done == 0:
            target.create_dataset("latent", (len(images), latent.shape[1]), np.float32)
        stop = done + len(batch)
        errors[done:stop] = found.numpy()
        target["latent"][done:stop] = latent.numpy()
        done = stop


def add_mahalanobis(target: h5py.File) -> None:
    """Write beside the latents of each part their Mahalanobis distance (N,) float32.

    Mean and covariance are those of the training part's latents.
    """
    fitted = EmpiricalCovariance().fit(target[TRAIN]["latent"][:].astype(np.float64))
    for group in target.values():
        squared = fitted.mahalanobis(group["latent"][:].astype(np.float64))
        group["mahalanobis"] = np.sqrt(squared).astype(np.float32)
