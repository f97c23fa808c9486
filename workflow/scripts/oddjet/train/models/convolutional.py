"""The convolutional autoencoder of the course, for any image size and any latent size."""

import math
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from oddjet.train.models.base import ACTIVATIONS, Autoencoder

CHANNELS = (16, 32, 64)


class ConvolutionalAutoencoder(Autoencoder):
    """Three convolutions that halve the image, a linear bottleneck, and their mirror.

    By stride each convolution has kernel 4, stride 2 and padding 1, by pooling kernel 3 and the
    maximum of 2 x 2; both halve the image, rounding down (100 -> 50 -> 25 -> 12). The course's
    network had dropout behind the output as well, which blanks a fifth of the training images, and
    took it off again by position in the list of layers, which with no dropout takes off a
    convolution. Here the output layer has none.

    Args:
        shape: of an image, (C, H, W), each side at least 8 pixels.
        latent: size d of the bottleneck.
        dropout: probability with which a channel is dropped behind each hidden convolution.
        activation: behind each hidden convolution.
        downsampling: how the encoder halves images.
        upsampling: how the decoder doubles them, by transposed convolutions or by repeating each
            pixel before a convolution.
        output: `sigmoid` of each pixel, or `softmax` over the pixels, for images of the same sum
            (Farina, Nakai, Shih, arXiv:1808.08992).

    Raises:
        ValueError: a side of the image is shorter than 8 pixels.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        latent: int,
        dropout: float,
        activation: Literal["relu", "gelu"],
        downsampling: Literal["stride", "pooling"],
        upsampling: Literal["transposed", "nearest"],
        output: Literal["sigmoid", "softmax"],
    ) -> None:
        super().__init__()
        if min(shape[1:]) < 2 ** len(CHANNELS):
            raise ValueError(f"images of {shape[1:]} pixels are smaller than 8 x 8")
        widths = (shape[0], *CHANNELS)
        sizes = [shape[1:]]
        encoder: list[nn.Module] = []
        for before, after in pairwise(widths):
            if downsampling == "stride":
                encoder += [nn.Conv2d(before, after, 4, 2, 1)]
            else:
                encoder += [nn.Conv2d(before, after, 3, 1, 1), nn.MaxPool2d(2)]
            encoder += [ACTIVATIONS[activation](), nn.Dropout2d(dropout)]
            sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
        bottom = (widths[-1], *sizes[-1])
        self.encoder = nn.Sequential(*encoder, nn.Flatten(), nn.Linear(math.prod(bottom), latent))

        decoder: list[nn.Module] = [nn.Linear(latent, math.prod(bottom)), nn.Unflatten(1, bottom)]
        for stage in range(len(CHANNELS), 0, -1):
            if stage < len(CHANNELS):
                decoder += [ACTIVATIONS[activation](), nn.Dropout2d(dropout)]
            before, after, size = widths[stage], widths[stage - 1], sizes[stage - 1]
            if upsampling == "transposed":
                # halving rounds down: an odd side gets its last row or column back here
                odd = (size[0] % 2, size[1] % 2)
                self.output: nn.Module = nn.ConvTranspose2d(
                    before, after, 4, 2, 1, output_padding=odd
                )
            else:
                decoder.append(nn.Upsample(size))
                self.output = nn.Conv2d(before, after, 3, 1, 1)
            decoder.append(self.output)
        self.decoder = nn.Sequential(*decoder)
        self.softmax = output == "softmax"
        self.rms: Tensor
        self.total: Tensor
        self.register_buffer("rms", torch.ones(()))
        self.register_buffer("total", torch.ones(()))  # of the mean image's pixels

    def start_at(self, mean: Tensor, rms: float) -> None:
        """Start the output at the mean pixel and give the encoder pixels of order one.

        Without it the course's network is lost within 40 steps: its sigmoid starts at 0.5, a
        thousand times the mean pixel, Adam overshoots on the way down, and at logits of -100 no
        gradient is left. Pixels in their own unit, of some 0.01, would be drowned in the
        bottleneck by its biases. docs/science/autoencoders.md has the measurements.
        """
        assert isinstance(self.output.bias, Tensor)
        pixel = float(mean.mean())
        nn.init.constant_(self.output.bias, math.log(pixel / (1 - pixel)))
        self.rms.fill_(rms)
        self.total.copy_(mean.sum())

    def encode(self, images: Tensor) -> Tensor:
        """Latent vectors (n, d) of images (n, C, H, W)."""
        return self.encoder(images / self.rms)

    def decode(self, latent: Tensor) -> Tensor:
        """Images (n, C, H, W) of latent vectors (n, d), not negative."""
        found = self.decoder(latent)
        if self.softmax:
            return found.flatten(1).softmax(1).reshape(found.shape) * self.total
        return found.sigmoid()


KIND = ConvolutionalAutoencoder
