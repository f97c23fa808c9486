"""The mean squared error."""

from torch import Tensor
from torch.nn import functional


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference."""
    return functional.mse_loss(reconstructions, images, reduction="none").flatten(1).mean(1)
