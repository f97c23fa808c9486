"""An autoencoder whose latents a discriminator draws to a normal distribution."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from oddjet.train.models.base import Loss, descend
from oddjet.train.models.discriminator import AgainstDiscriminator, discriminator, told_apart


class AdversarialAutoencoder(AgainstDiscriminator):
    """A dense autoencoder whose latents a discriminator cannot tell from a standard normal.

    Makhzani et al., arXiv:1511.05644. The anomaly score is the reconstruction error; the latent
    Mahalanobis distance suits it too.

    Args:
        shape, latent, dropout, hidden, activation, output: as of `DenseAutoencoder`.
        weight: of the discriminator beside a loss in units of the blank image's.
        label_smoothing: the discriminator is told that real latents are real to one minus this.
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, **parameters: Any) -> None:
        super().__init__(shape, latent=latent, **parameters)
        self.discriminator = discriminator(latent)

    def step(self, images: Tensor, loss: Loss, optimisers: Sequence[Optimizer]) -> Tensor:
        """Learn from one batch: first the discriminator, then the autoencoder against it."""
        latent = self.encode(images)
        prior = self.discriminator(torch.randn_like(latent))
        posterior = self.discriminator(latent.detach())
        descend(told_apart(prior, self.real) + told_apart(posterior, 0.0), optimisers[1])
        found = loss(images, self.decode(latent)).mean()
        fooled = told_apart(self.discriminator(latent), 1.0)
        descend(found + self.weight * fooled, optimisers[0])
        return found.detach()


KIND = AdversarialAutoencoder
