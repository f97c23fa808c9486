"""Reconstruction errors by name: what a training minimises, and what an anomaly score is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Protocol, Self

import torch
from torch import Tensor


class Batches(Protocol):
    """Normalised images, as often as they are asked for a batch (n, C, H, W) at a time."""

    def __len__(self) -> int: ...

    def batches(self) -> Iterator[Tensor]: ...


def loss_module(name: str) -> ModuleType:
    """The module of a reconstruction error.

    It has a function `error` of images and reconstructions, both (n, C, H, W), that gives the error
    (n,) of each; and `IN_UNITS_OF_RMS`, true, if it wants pixels in that unit.
    """
    return import_module(f"oddjet.train.losses.{name}")


@dataclass(frozen=True)
class ReconstructionError:
    """One error of `oddjet.train.losses`, or a sum of several with weights.

    Several are added in units of what each says of the mean training image, so that the weights
    are shares of comparable numbers. One alone is not scaled.

    Attributes:
        weights: by name.
        units: by name, what the error is divided by.
        rms: root mean square of the training part's pixels.
    """

    weights: Mapping[str, float]
    units: Mapping[str, float]
    rms: float

    @classmethod
    def fit(cls, wanted: str | Mapping[str, float], training: Batches) -> Self:
        """Take the units from the training part.

        Args:
            wanted: a name, or weights by name.
            training: normalised images.
        """
        mean, mean_square = moments(training)
        rms = mean_square**0.5
        if isinstance(wanted, str):
            return cls({wanted: 1.0}, {wanted: 1.0}, rms)
        units = {}
        for name in wanted:
            alone = cls({name: 1.0}, {name: 1.0}, rms)
            units[name] = alone.mean(training, lambda images: mean.expand_as(images))
        return cls(dict(wanted), units, rms)

    def __call__(self, images: Tensor, reconstructions: Tensor) -> Tensor:
        """The error (n,) of reconstructions of images, both (n, C, H, W)."""
        total = images.new_zeros(images.shape[0])
        for name, weight in self.weights.items():
            loss = loss_module(name)
            pair = images, reconstructions
            if getattr(loss, "IN_UNITS_OF_RMS", False):
                pair = images * (1 / self.rms), reconstructions * (1 / self.rms)
            total = total + weight / self.units[name] * loss.error(*pair)
        return total

    @torch.no_grad()
    def mean(self, images: Batches, reconstruct: Callable[[Tensor], Tensor]) -> float:
        """The mean error of all images."""
        total = torch.zeros((), dtype=torch.float64)
        for batch in images.batches():
            total = total.to(batch.device) + self(batch, reconstruct(batch)).sum(dtype=total.dtype)
        return total.item() / len(images)


def moments(images: Batches) -> tuple[Tensor, float]:
    """Mean image (C, H, W), and mean square of all pixels."""
    total, squares = torch.zeros(()), torch.zeros(())
    for batch in images.batches():
        total = total.to(batch.device) + batch.sum(0, dtype=torch.float64)
        squares = squares.to(batch.device) + batch.square().sum(dtype=torch.float64)
    return (total / len(images)).float(), squares.item() / len(images) / total.numel()
