"""A generative adversarial network that scores by its discriminator."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus
from torch.optim import Optimizer

from oddjet.train.models.base import Loss, descend
from oddjet.train.models.discriminator import AgainstDiscriminator, discriminator, told_apart


class GenerativeAdversarialNetwork(AgainstDiscriminator):
    """A dense autoencoder as generator, and a discriminator of images, which is the score.

    Adversarially learned one-class classifier (Sabokrou et al., arXiv:1802.09088): the generator
    reconstructs noisy images, the discriminator tells images from reconstructions, and it has the
    last word on how normal an image is.

    Args:
        shape, latent, dropout, hidden, activation, output: as of `DenseAutoencoder`.
        weight: of the discriminator beside a loss in units of the blank image's.
        label_smoothing: the discriminator is told that images are real to one minus this.
        noise: standard deviation, in units of the pixels' root mean square, of what is added to
            the images that the generator reconstructs.
    """

    SCORED_IN = torch.float32  # by the discriminator, whose output has no roots

    def __init__(self, shape: tuple[int, int, int], noise: float, **parameters: Any) -> None:
        super().__init__(shape, **parameters)
        self.noise = noise
        self.discriminator = discriminator(shape[0] * shape[1] * shape[2])

    def _judge(self, images: Tensor) -> Tensor:
        return self.discriminator(images / self.rms)

    def step(self, images: Tensor, loss: Loss, optimisers: Sequence[Optimizer]) -> Tensor:
        """Learn from one batch: first the discriminator, then the generator against it."""
        noisy = images + self.noise * self.rms * torch.randn_like(images)
        made = self(noisy)
        judged = told_apart(self._judge(images), self.real)
        descend(judged + told_apart(self._judge(made.detach()), 0.0), optimisers[1])
        found = loss(images, made).mean()
        descend(found + self.weight * told_apart(self._judge(made), 1.0), optimisers[0])
        return found.detach()

    def score(self, images: Tensor, error: Loss) -> tuple[Tensor, Tensor]:
        """How fake the reconstructions look, -log D (n,), and latent vectors (n, d)."""
        latent = self.encode(images)
        return softplus(-self._judge(self.decode(latent))[:, 0]), latent


KIND = GenerativeAdversarialNetwork
