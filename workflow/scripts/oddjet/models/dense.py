"""A fully connected autoencoder, quick to train on a CPU."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from oddjet.models.base import Autoencoder

HIDDEN = (256, 64)


class DenseAutoencoder(Autoencoder):
    """Fully connected layers P-256-64-latent-64-256-P with GELU between them, P pixels.

    Args:
        shape: of an image, (C, H, W).
        latent: size d of the bottleneck.
        dropout: probability with which a number is dropped behind each hidden layer.
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, dropout: float) -> None:
        super().__init__()
        widths = (math.prod(shape), *HIDDEN, latent)
        self.encoder = nn.Sequential(nn.Flatten(), *_layers(widths, dropout))
        self.decoder = nn.Sequential(*_layers(widths[::-1], dropout), nn.Unflatten(1, shape))
        self.rms: Tensor
        self.register_buffer("rms", torch.ones(()))

    def start_at(self, mean: float, rms: float) -> None:
        """Let the network see and predict pixels in units of `rms`, of order one."""
        self.rms.fill_(rms)

    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""
        return self.encoder(images / self.rms)

    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W) of latent vectors (n, d)."""
        return self.decoder(latent) * self.rms


def _layers(widths: Sequence[int], dropout: float) -> list[nn.Module]:
    """Linear layers from width to width, GELU and dropout between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.GELU(), nn.Dropout(dropout)]
    return layers[:-2]
