"""The mean absolute error."""

from torch import Tensor
from torch.nn import functional


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the absolute difference."""
    return functional.l1_loss(reconstructions, images, reduction="none").flatten(1).mean(1)
