"""What autoencoders that are trained against a discriminator have in common."""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Optimizer

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


class AgainstDiscriminator(DenseAutoencoder):
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
