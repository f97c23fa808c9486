"""Reconstruction errors and latent vectors of every event, read and written in pieces."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import h5py
import numpy as np
import torch
from torch import Tensor

from oddjet.common.parts import TRAIN
from oddjet.common.scorefiles import copy_origins
from oddjet.prepare.sparse import SparseFile
from oddjet.train.device_images import DeviceImages
from oddjet.train.models.base import Autoencoder
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU

EXAMPLES = {"low": 5, "middle": 50, "high": 95}  # percentiles of the error
SHOWN = 3  # jets around each of them
AT_ONCE = 10**6  # latents, in double precision


@dataclass(frozen=True)
class PreparedImages:
    """Events of a prepared sample, read from its file a bounded number at a time.

    Attributes:
        sample: the open file.
        rows: which of its events, ascending, (N,).
        normalisation: of the model that sees them.
        dtype: of the batches.
    """

    sample: h5py.Group
    rows: np.ndarray
    normalisation: MinMax
    dtype: torch.dtype = torch.float32

    def __len__(self) -> int:
        return len(self.rows)

    def batches(self) -> Iterator[Tensor]:
        """All images in order, normalised, a batch at a time."""
        for _, images in SparseFile(self.sample).pieces(self.rows):
            yield from DeviceImages(images, self.normalisation, CPU, self.dtype).batches()


@torch.no_grad()
def score(
    images: PreparedImages,
    target: h5py.Group,
    model: Autoencoder,
    error: ReconstructionError,
) -> None:
    """Score events of a prepared sample, in the precision that the kind of the model asks for.

    Writes into `target` the datasets `event` (N,) int64, the row in the raw files, `source` (N,)
    int32, the number of its file, and perhaps `jet` (N,) int8, which jet of the event; `error`
    (N,) float32, the anomaly score: the reconstruction error, or what the model has in its place;
    `latent` (N, d) float32.

    Args:
        images: N events of a prepared sample.
        error: the reconstruction error that is the score.
    """
    copy_origins(images.sample, target, images.rows)
    errors = target.create_dataset("error", len(images), np.float32)
    model = copy.deepcopy(model).to(model.SCORED_IN)
    done = 0
    for batch in replace(images, dtype=model.SCORED_IN).batches():
        found, latent = model.score(batch, error)
        if done == 0:
            target.create_dataset("latent", (len(images), latent.shape[1]), np.float32)
        stop = done + len(batch)
        errors[done:stop] = found.numpy()
        target["latent"][done:stop] = latent.numpy()
        done = stop


@dataclass(frozen=True)
class Mahalanobis:
    """The Mahalanobis distance from a distribution of latents.

    Attributes:
        mean: (d,) float64.
        precision: pseudoinverse of the covariance, (d, d) float64.
    """

    mean: Tensor
    precision: Tensor

    @classmethod
    def fit(cls, latents: np.ndarray) -> Self:
        """Take mean and covariance from latents (N, d), of more than `AT_ONCE` from every n-th."""
        fitted = torch.from_numpy(latents[:: -(-len(latents) // AT_ONCE)]).double()
        covariance = fitted.T.cov(correction=0).view(fitted.shape[1:] * 2)
        return cls(fitted.mean(0), torch.linalg.pinv(covariance, hermitian=True))

    def __call__(self, latents: Tensor) -> Tensor:
        """Distances (n,) float32 of latents (n, d)."""
        apart = latents.double() - self.mean
        return (apart @ self.precision * apart).sum(1).sqrt().float()


def add_mahalanobis(target: h5py.File) -> None:
    """Write beside the latents of each part their Mahalanobis distance (N,) float32.

    Mean and covariance are those of the training part's latents.
    """
    distance = Mahalanobis.fit(target[TRAIN]["latent"][:])
    for group in target.values():
        latents = group["latent"]
        found = [
            distance(torch.from_numpy(latents[start : start + AT_ONCE])).numpy()
            for start in range(0, len(latents), AT_ONCE)
        ]
        group["mahalanobis"] = np.concatenate(found)


@torch.no_grad()
def reconstruct_examples(
    images: PreparedImages, errors: np.ndarray, target: h5py.Group, model: Autoencoder
) -> None:
    """Write some events of low, middle and high error with their reconstructions, a group each.

    Its datasets are `event` (n,) int64, the row in the raw file; `error` (n,) float32; `input` and
    `output` (n, C, H, W) float32, normalised.

    Args:
        images: N events of a prepared sample.
        errors: their anomaly scores (N,).
    """
    order = np.argsort(errors)
    for name, percentile in EXAMPLES.items():
        first = max(round((len(order) - SHOWN) * percentile / 100), 0)
        picked = np.sort(order[first : first + SHOWN])
        some = replace(images, rows=images.rows[picked])
        inputs = torch.cat(list(some.batches()))
        group = target.create_group(name)
        group["event"] = images.sample["event"][:][some.rows]
        group["error"] = errors[picked]
        for part, found in (("input", inputs), ("output", model(inputs))):
            group.create_dataset(part, data=found.numpy(), compression="gzip")
