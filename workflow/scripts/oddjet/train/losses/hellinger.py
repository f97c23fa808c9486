"""The squared difference of square roots."""

from torch import Tensor

from oddjet.train.losses import mse

LEAST = 1e-12  # below it the root of a pixel has no slope: that of zero is infinite


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference of their square roots.

    The Hellinger distance of two images of the same sum; dim pixels count for more than in `mse`.
    """
    return mse.error(root(images), root(reconstructions))


def root(pixels: Tensor) -> Tensor:
    """The square roots of pixels."""
    return pixels.clamp_min(LEAST).sqrt()
