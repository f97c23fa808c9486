"""Autoencoders by name. A new one is one file here and one line in `KINDS`.

A model is a `torch.nn.Module` made with the image shape (C, H, W) and its own parameters. It has
`encode(images) -> latent` and `decode(latent) -> images`, images (n, C, H, W) within 0 and 1 and
latent (n, d), and `start_at(mean)`, called once with the mean pixel of the training part.
"""

from collections.abc import Mapping
from typing import Any

from torch import nn

from oddjet.models.convolutional import ConvolutionalAutoencoder

KINDS = {"convolutional": ConvolutionalAutoencoder}


def build(shape: tuple[int, int, int], parameters: Mapping[str, Any]) -> nn.Module:
    """Make a model for images of `shape` (C, H, W) from its configuration.

    Raises:
        ValueError: the images are too small for it.
    """
    rest = dict(parameters)
    return KINDS[rest.pop("kind")](shape, **rest)
