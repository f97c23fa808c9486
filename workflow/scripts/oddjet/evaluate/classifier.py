"""The networks of the supervised reference."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class Classifier(nn.Module):
    """A network from jets (n, *shape) to a logit (n,) each, higher for anomalous.

    It sees its inputs in units of their root mean square over the jets that it learns from: images
    in one unit, the numbers of constituents each in its own.

    Args:
        network: its settings in the configuration.
        shape: of a jet.
    """

    unit: Tensor

    def __init__(self, network: Mapping[str, Any], shape: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.shape = network, shape
        images = network["inputs"] == "images"
        self.layers = _convolutions(shape) if images else _dense(shape, network["hidden"])
        self.register_buffer("unit", torch.ones(() if images else shape))

    def fit_unit(self, batches: Iterable[Tensor]) -> None:
        """Take the unit from jets, a batch at a time."""
        squares, jets = torch.zeros((), dtype=torch.float64), 0
        for batch in batches:
            squares = squares.to(batch.device) + batch.square().sum(0, dtype=torch.float64)
            jets += len(batch)
        mean = squares / jets
        mean = mean if self.unit.ndim else mean.mean()
        self.unit.copy_(torch.where(mean > 0, mean.sqrt(), 1.0))

    def forward(self, jets: Tensor) -> Tensor:
        logits: Tensor = self.layers(jets / self.unit)
        return logits[:, 0]


def _convolutions(shape: tuple[int, ...]) -> nn.Sequential:
    """Three convolutions that halve the image, and two dense layers."""
    layers: list[nn.Module] = []
    for before, after in pairwise((shape[0], 16, 32, 64)):
        # the maximum of a ReLU is the ReLU of the maximum, of a quarter as many numbers
        layers += [nn.Conv2d(before, after, 3, 1, 1), nn.MaxPool2d(2), nn.ReLU()]
    pixels = (shape[1] // 8) * (shape[2] // 8)
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(64 * pixels, 64), nn.ReLU(), nn.Linear(64, 1)
    )


def _dense(shape: tuple[int, ...], hidden: Sequence[int]) -> nn.Sequential:
    widths = (int(np.prod(shape)), *hidden)
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], 1))
