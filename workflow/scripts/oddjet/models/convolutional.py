"""The convolutional autoencoder of the course, for any image size and any latent size."""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn

from oddjet.models.base import Autoencoder

CHANNELS = (16, 32, 64)


class ConvolutionalAutoencoder(Autoencoder):
    """Three strided convolutions, a linear bottleneck, and their mirror with a sigmoid.

    Each convolution has kernel 4, stride 2 and padding 1, so that it halves the image, rounding
    down (100 -> 50 -> 25 -> 12). The course's network had dropout behind the output as well, which
    blanks a fifth of the training images, and took it off again by position in the list of layers,
    which with no dropout takes off a convolution. Here the output layer has none.

    Args:
        shape: of an image, (C, H, W), each side at least 8 pixels.
        latent: size d of the bottleneck.
        dropout: probability with which a channel is dropped behind each hidden convolution.

    Raises:
        ValueError: a side of the image is shorter than 8 pixels.
    """

    def __init__(self, shape: tuple[int, int, int], latent: int, dropout: float) -> None:
        super().__init__()
        if min(shape[1:]) < 2 ** len(CHANNELS):
            raise ValueError(f"images of {shape[1:]} pixels are smaller than 8 x 8")
        widths = (shape[0], *CHANNELS)
        sizes = [shape[1:]]
        encoder: list[nn.Module] = []
        for before, after in pairwise(widths):
            encoder += [nn.Conv2d(before, after, 4, 2, 1), nn.ReLU(), nn.Dropout2d(dropout)]
            sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
        bottom = (widths[-1], *sizes[-1])
        self.encoder = nn.Sequential(*encoder, nn.Flatten(), nn.Linear(math.prod(bottom), latent))

        decoder: list[nn.Module] = [nn.Linear(latent, math.prod(bottom)), nn.Unflatten(1, bottom)]
        for stage in range(len(CHANNELS), 0, -1):
            if stage < len(CHANNELS):
                decoder += [nn.ReLU(), nn.Dropout2d(dropout)]
            # halving rounds down: an odd side gets its last row or column back here
            odd = (sizes[stage - 1][0] % 2, sizes[stage - 1][1] % 2)
            self.output = nn.ConvTranspose2d(
                widths[stage], widths[stage - 1], 4, 2, 1, output_padding=odd
            )
            decoder.append(self.output)
        self.decoder = nn.Sequential(*decoder, nn.Sigmoid())
        self.rms: Tensor
        self.register_buffer("rms", torch.ones(()))

    def start_at(self, mean: float, rms: float) -> None:
        """Start the output at the mean pixel and give the encoder pixels of order one.

        Without it the course's network is lost within 40 steps: its sigmoid starts at 0.5, a
        thousand times the mean pixel, Adam overshoots on the way down, and at logits of -100 no
        gradient is left. Pixels in their own unit, of some 0.01, would be drowned in the
        bottleneck by its biases. docs/science.md has the measurements.
        """
        assert self.output.bias is not None
        nn.init.constant_(self.output.bias, math.log(mean / (1 - mean)))
        self.rms.fill_(rms)

    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""
        return self.encoder(images / self.rms)

    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W), within 0 and 1, of latent vectors (n, d)."""
        return self.decoder(latent)
