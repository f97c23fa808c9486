"""Huber's loss."""

from torch import Tensor
from torch.nn import functional

# It changes from quadratic to linear at a difference of 1: it sees pixels in units of the training
# part's root mean square, beside which a normalised pixel would always be small.
IN_UNITS_OF_RMS = True


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Huber's loss (n,), quadratic up to a difference of 1 and linear beyond."""
    return functional.huber_loss(reconstructions, images, reduction="none").flatten(1).mean(1)
