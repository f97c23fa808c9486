"""The squared difference of fourth roots."""

from torch import Tensor

from oddjet.train.losses import hellinger


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Mean over the pixels (n,) of the squared difference of their fourth roots.

    Remapped intensities (Finke et al., arXiv:2104.09051), here after the training.
    """
    return hellinger.error(hellinger.root(images), hellinger.root(reconstructions))
