"""Reconstruction errors by name: what a training minimises, and what an anomaly score is."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor
from torch.nn import functional

# torchmetrics is imported where it is used: it takes seconds, and the defaults need none of it

LEAST = 1e-12  # below it the root of a pixel has no slope: that of zero is infinite


class Batches(Protocol):
    """Normalised images, as often as they are asked for a batch (n, C, H, W) at a time."""

    def __len__(self) -> int: ...

    def batches(self) -> Iterator[Tensor]: ...


def mse(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference."""
    return functional.mse_loss(reconstructions, images, reduction="none").flatten(1).mean(1)


def mae(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the absolute difference."""
    return functional.l1_loss(reconstructions, images, reduction="none").flatten(1).mean(1)


def huber(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Huber's loss (n,), quadratic up to a difference of 1 and linear beyond."""
    return functional.huber_loss(reconstructions, images, reduction="none").flatten(1).mean(1)


def log_cosh(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the logarithm of the hyperbolic cosine of the difference."""
    from torchmetrics.functional.regression import log_cosh_error

    # it takes the mean over the first dimension
    return log_cosh_error(reconstructions.flatten(1).T.contiguous(), images.flatten(1).T)


def ncc(images: Tensor, reconstructions: Tensor) -> Tensor:
    """One minus the normalised cross-correlation (n,), Pearson's coefficient over the pixels.

    An image without contrast is correlated with nothing: 1.
    """
    from torchmetrics.functional.regression import pearson_corrcoef

    flat = reconstructions.flatten(1), images.flatten(1)
    found = images.new_ones(len(images))
    # of the others alone: those have no gradient
    (rows,) = torch.where((flat[0].var(1) > LEAST) & (flat[1].var(1) > LEAST))
    if len(rows) == 0:
        return found + 0 * flat[0].sum(1)
    with warnings.catch_warnings():  # of images of little contrast
        warnings.simplefilter("ignore", UserWarning)
        correlation = pearson_corrcoef(*(pixels[rows].T.contiguous() for pixels in flat))
    return found.index_put((rows,), 1 - correlation.reshape(len(rows)))


def ssim(images: Tensor, reconstructions: Tensor) -> Tensor:
    """One minus the structural similarity (n,) of images of range 1 (Wang et al. 2004)."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    found = structural_similarity_index_measure(
        reconstructions, images, reduction="none", data_range=1.0
    )
    assert isinstance(found, Tensor)
    return 1 - found.reshape(len(images))


def hellinger(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference of their square roots.

    The Hellinger distance of two images of the same sum; dim pixels count for more than in `mse`.
    """
    return mse(_root(images), _root(reconstructions))


def fourth_root(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference of their fourth roots.

    Remapped intensities (Finke et al., arXiv:2104.09051), here after the training.
    """
    return mse(_root(_root(images)), _root(_root(reconstructions)))


def _root(pixels: Tensor) -> Tensor:
    return pixels.clamp_min(LEAST).sqrt()


ERRORS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    error.__name__: error
    for error in (mse, mae, huber, log_cosh, ncc, ssim, hellinger, fourth_root)
}
# these change from quadratic to linear at a difference of 1: they see pixels in units of the
# training part's root mean square, beside which a normalised pixel would always be small
IN_UNITS_OF_RMS = ("huber", "log_cosh")


@dataclass(frozen=True)
class ReconstructionError:
    """One error of `ERRORS`, or a sum of several with weights.

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
        total = torch.zeros(len(images), device=images.device)
        for name, weight in self.weights.items():
            scale = 1 / self.rms if name in IN_UNITS_OF_RMS else 1.0
            error = ERRORS[name](images * scale, reconstructions * scale)
            total = total + weight / self.units[name] * error
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
