"""What every autoencoder has in common."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Autoencoder(nn.Module, ABC):
    """Maps normalised images (n, C, H, W) to latent vectors (n, d) and back.

    A subclass is made with the image shape (C, H, W) and its own parameters of the configuration.
    """

    @abstractmethod
    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""

    @abstractmethod
    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W) of latent vectors (n, d)."""

    @abstractmethod
    def start_at(self, mean: float, rms: float) -> None:
        """Take the pixels' scale from the training part, once, before the first step.

        Args:
            mean: of the normalised pixels, in (0, 1); where a sigmoid at the output starts.
            rms: root of their mean square; the encoder sees pixels in this unit.
        """

    def forward(self, images: Tensor) -> Tensor:
        """Reconstruct images (n, C, H, W)."""
        return self.decode(self.encode(images))
