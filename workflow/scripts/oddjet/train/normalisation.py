"""Smoothing and min-max normalisation of images, by the batch and on the device they lie on."""

from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Self

import torch
from torch import Tensor


def smooth(images: Tensor, width: float) -> Tensor:
    """Convolve images (n, C, H, W) with a Gaussian of standard deviation `width`, in pixels.

    Beyond their rim the images are dark. The kernel ends at four standard deviations and sums to 1,
    as that of `scipy.ndimage.gaussian_filter`.
    """
    device, dtype = images.device, images.dtype
    rows, columns = (_convolution(side, width, device, dtype) for side in images.shape[2:])
    return rows @ images @ columns


@cache  # a GPU would be waited for whenever a batch sends it numbers
def _convolution(side: int, width: float, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The convolution along one axis as a symmetric matrix (side, side)."""
    reach = int(4 * width + 0.5)
    weights = torch.exp(-((torch.arange(reach + 1, dtype=torch.float64) / width) ** 2) / 2)
    weights /= 2 * weights.sum() - weights[0]
    weights = torch.cat([weights, torch.zeros(side)])
    place = torch.arange(side)
    return weights[(place[:, None] - place).abs()].to(device, dtype)


@dataclass(frozen=True)
class MinMax:
    """Maps the pixels of each channel linearly, its `minimum` to 0 and its `maximum` to 1.

    What lies outside stays so. Channels are scaled apart, since they may be of different units.
    Before that images are smoothed by a Gaussian of standard deviation `smoothing`, in pixels.
    """

    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    smoothing: float = 0.0

    @classmethod
    def none(cls, channels: int, smoothing: float = 0.0) -> Self:
        """That which leaves the smoothed pixels as they are."""
        return cls((0.0,) * channels, (1.0,) * channels, smoothing)

    def __call__(self, images: Tensor) -> Tensor:
        """Normalise images (n, C, H, W)."""
        if self.smoothing:
            images = smooth(images, self.smoothing)
        pairs = zip(self.minimum, self.maximum, strict=True)
        span = tuple(high - low or 1.0 for low, high in pairs)  # one without contrast stays dark
        device, dtype = images.device, images.dtype
        minimum = _of_channels(self.minimum, device, dtype)
        return (images - minimum) / _of_channels(span, device, dtype)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache
def _of_channels(values: tuple[float, ...], device: torch.device, dtype: torch.dtype) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=device)[:, None, None]
