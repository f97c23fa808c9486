"""A variational autoencoder."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from oddjet.train.models.base import Loss, descend
from oddjet.train.models.dense import DenseAutoencoder


class VariationalAutoencoder(DenseAutoencoder):
    """The dense autoencoder with a normal distribution in the bottleneck.

    The loss is the reconstruction's plus `beta` times the Kullback-Leibler divergence from a
    standard normal prior (Kingma and Welling, arXiv:1312.6114, eq. 10; beta: Higgins et al. 2017).
    Latent vectors are the means.

    Args:
        shape, latent, dropout, hidden, activation, output: as of `DenseAutoencoder`.
        beta: weight of the divergence beside a loss in units of the blank image's.
    """

    def __init__(self, shape: tuple[int, int, int], beta: float, **parameters: Any) -> None:
        super().__init__(shape, **parameters)
        self.beta = beta

    def encoded(self, latent: int) -> int:
        """A mean and a logarithm of a variance for each number of the bottleneck."""
        return 2 * latent

    def _distribution(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = super().encode(images).chunk(2, 1)
        return mean, log_variance

    def encode(self, images: Tensor) -> Tensor:
        """Mean latent vectors (n, d) of images (n, C, H, W)."""
        return self._distribution(images)[0]

    def step(self, images: Tensor, loss: Loss, optimisers: Sequence[Optimizer]) -> Tensor:
        """Learn from one batch, with latents drawn from their distributions."""
        mean, log_variance = self._distribution(images)
        drawn = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        found = loss(images, self.decode(drawn)).mean()
        divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2
        descend(found + self.beta * divergence.mean(), optimisers[0])
        return found.detach()


KIND = VariationalAutoencoder
