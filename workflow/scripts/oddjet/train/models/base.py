"""What every autoencoder has in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from oddjet.train.optimisers import Adam

Loss = Callable[[Tensor, Tensor], Tensor]
# in place: only behind a layer that does not need its output for the gradient, never on the images
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": partial(nn.ReLU, inplace=True),
    "gelu": nn.GELU,
}


class Autoencoder(nn.Module, ABC):
    """Maps normalised images (n, C, H, W) to latent vectors (n, d) and back.

    A subclass is made with the image shape (C, H, W) and its own parameters of the configuration.
    One that is trained or scores in another way overrides `optimisers`, `step` or `score`.

    Attributes:
        SCORED_IN: the precision of scores. Double where pixels of a reconstruction can come out
            near zero: their roots in an error magnify the roundings of single precision, to some
            1e-5 of a score, which differ between machines.
    """

    SCORED_IN: ClassVar[torch.dtype] = torch.float32

    @abstractmethod
    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""

    @abstractmethod
    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W) of latent vectors (n, d)."""

    @abstractmethod
    def start_at(self, mean: Tensor, rms: float) -> None:
        """Take the pixels' scale from the training part, once, before the first step.

        Args:
            mean: normalised image (C, H, W), its mean pixel in (0, 1).
            rms: root of the mean square of the pixels; the encoder sees pixels in this unit.
        """

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct images (n, C, H, W)."""
        return self.decode(self.encode(images))

    def optimisers(self, learning_rate: float) -> list[Optimizer]:
        """The optimisers that `step` uses."""
        return [Adam(self.parameters(), learning_rate)]

    def step(self, images: Tensor, loss: Loss, optimisers: Sequence[Optimizer]) -> Tensor:
        """Learn from one batch of images (n, C, H, W).

        Args:
            loss: of images and their reconstructions, (n,), of order one.
            optimisers: as made by `optimisers`.

        Returns:
            The mean loss of the batch, detached.
        """
        found = loss(images, self(images)).mean()
        descend(found, optimisers[0])
        return found.detach()

    def score(self, images: Tensor, error: Loss) -> tuple[Tensor, Tensor]:
        """Anomaly scores (n,), higher for more anomalous, and latent vectors (n, d).

        Args:
            error: the reconstruction error that is configured as the score.
        """
        latent = self.encode(images)
        return error(images, self.decode(latent)), latent


def descend(loss: Tensor, optimiser: Optimizer) -> None:
    """Make one step down the gradient of a loss, in the optimiser's own parameters alone."""
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimiser.step()
