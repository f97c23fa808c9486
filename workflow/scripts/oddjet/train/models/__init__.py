"""Autoencoders by name. A new one is one file here, one line in `KINDS`, one in the schema."""

from collections.abc import Mapping
from typing import Any

from oddjet.train.models.adversarial import AdversarialAutoencoder, GenerativeAdversarialNetwork
from oddjet.train.models.base import Autoencoder
from oddjet.train.models.convolutional import ConvolutionalAutoencoder
from oddjet.train.models.dense import DenseAutoencoder
from oddjet.train.models.variational import VariationalAutoencoder

KINDS = {
    "dense": DenseAutoencoder,
    "convolutional": ConvolutionalAutoencoder,
    "variational": VariationalAutoencoder,
    "adversarial": AdversarialAutoencoder,
    "gan": GenerativeAdversarialNetwork,
}


def build(shape: tuple[int, int, int], parameters: Mapping[str, Any]) -> Autoencoder:
    """Make a model for images of `shape` (C, H, W) from its configuration.

    Raises:
        ValueError: the images are too small for it.
    """
    rest = dict(parameters)
    return KINDS[rest.pop("kind")](shape, **rest)
