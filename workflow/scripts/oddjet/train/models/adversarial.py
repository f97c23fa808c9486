"""Autoencoders that are trained against a discriminator."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Optimizer

from oddjet.train.models.base import Loss, descend
from oddjet.train.models.dense import DenseAutoencoder
from oddjet.train.optimisers import Adam

WIDTH = 64  # of a discriminator's hidden layers


def discriminator(inputs: int) -> nn.Sequential:
    """One number, the logit of being real, with spectral normalisation (arXiv:1802.05957)."""
    widths = (inputs, WIDTH, WIDTH)
    made: list[nn.Module] = []
    for before, after in pairwise(widths):
        made += [spectral_norm(nn.Linear(before, after)), nn.LeakyReLU(0.2)]
    return nn.Sequential(nn.Flatten(), *made, spectral_norm(nn.Linear(WIDTH, 1)))


def told_apart(logits: Tensor, real: float) -> Tensor:
    """The discriminator's loss for inputs that are `real` to this degree, 0 to 1."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, real))


class _Adversarial(DenseAutoencoder):
    """The dense autoencoder with a discriminator and an optimiser for each."""

    discriminator: nn.Sequential

    def __init__(
        self,
        shape: tuple[int, int, int],
        weight: float,
        label_smoothing: float,
        **parameters: Any,
    ) -> None:
        super().__init__(shape, **parameters)
        self.weight, self.real = weight, 1 - label_smoothing

    def optimisers(self, learning_rate: float) -> list[Optimizer]:
        """One for the autoencoder, one for the discriminator."""
        judge = list(self.discriminator.parameters())
        known = {id(parameter) for parameter in judge}
        rest = [parameter for parameter in self.parameters() if id(parameter) not in known]
        return [Adam(rest, learning_rate), Adam(judge, learning_rate)]


class AdversarialAutoencoder(_Adversarial):
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


class GenerativeAdversarialNetwork(_Adversarial):
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
