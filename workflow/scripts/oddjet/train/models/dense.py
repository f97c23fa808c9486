"""A fully connected autoencoder, quick to train on a CPU."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from oddjet.train.models.base import ACTIVATIONS, Autoencoder


class DenseAutoencoder(Autoencoder):
    """Fully connected layers from the P pixels to the bottleneck, and their mirror.

    Args:
        shape: of an image, (C, H, W).
        latent: size d of the bottleneck.
        dropout: probability with which a number is dropped behind each hidden layer.
        hidden: widths of the layers between the pixels and the bottleneck.
        activation: behind each hidden layer.
        output: `linear`, or `softmax` over the pixels, for images of the same sum.
    """

    SCORED_IN = torch.float64

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent: int,
        dropout: float,
        hidden: Sequence[int],
        activation: Literal["relu", "gelu"],
        output: Literal["linear", "softmax"],
    ) -> None:
        super().__init__()
        widths = (math.prod(shape), *hidden)
        self.encoder = nn.Sequential(
            nn.Flatten(), *layers((*widths, self.encoded(latent)), activation, dropout)
        )
        decoder = layers((*widths, latent)[::-1], activation, dropout)
        self.output = decoder[-1]
        self.decoder = nn.Sequential(*decoder)
        self.softmax = output == "softmax"
        self.shape = shape
        self.rms: Tensor
        self.total: Tensor
        self.register_buffer("rms", torch.ones(()))
        self.register_buffer("total", torch.ones(()))  # of the mean image's pixels

    def encoded(self, latent: int) -> int:
        """How many numbers the encoder gives for a bottleneck of `latent`."""
        return latent

    def start_at(self, mean: Tensor, rms: float) -> None:
        """Let the network see and predict pixels in units of `rms`, of order one.

        A softmax starts at the mean image.
        """
        self.rms.fill_(rms)
        self.total.copy_(mean.sum())
        if self.softmax:
            assert isinstance(self.output.bias, Tensor)
            shares = mean.flatten() / mean.sum()
            with torch.no_grad():
                self.output.bias.copy_(shares.clamp_min(shares.mean() / 1000).log())

    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""
        return self.encoder(images / self.rms)

    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W) of latent vectors (n, d)."""
        found = self.decoder(latent)
        pixels = found.softmax(1) * self.total if self.softmax else found * self.rms
        return pixels.unflatten(1, self.shape)


def layers(widths: Sequence[int], activation: str, dropout: float = 0.0) -> list[nn.Module]:
    """Linear layers from width to width, activation and dropout between them."""
    made: list[nn.Module] = []
    for before, after in pairwise(widths):
        made += [nn.Linear(before, after), ACTIVATIONS[activation](), nn.Dropout(dropout)]
    return made[:-2]


KIND = DenseAutoencoder
