"""The upper reference: a convolutional network that is told which jets are anomalous."""

from itertools import pairwise

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from oddjet.losses import moments
from oddjet.sparse import SparseImages
from oddjet.tensors import DeviceImages, MinMax

BATCH = 64
LEARNING_RATE = 1e-3


class Classifier(nn.Sequential):
    """Three convolutions that halve the image, and two dense layers to one logit."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        widths = (shape[0], 16, 32, 64)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
        pixels = (shape[1] // 8) * (shape[2] // 8)
        super().__init__(
            *layers, nn.Flatten(), nn.Linear(64 * pixels, 64), nn.ReLU(), nn.Linear(64, 1)
        )


def cross_fitted(
    images: SparseImages,
    labels: np.ndarray,
    smoothing: float,
    epochs: int,
    seed: int,
    device: torch.device,
) -> np.ndarray:
    """Scores (N,) of labelled jets, each by a classifier that was trained on the other half.

    Args:
        images: N of them.
        labels: 0 normal, 1 anomalous, (N,), some of each.
        smoothing: standard deviation in pixels of the Gaussian that smooths all images.
        epochs: passes over a half.
        seed: of the halves and of the order of the data; the caller seeds PyTorch itself.
    """
    scores = np.zeros(len(images))
    halves = StratifiedKFold(2, shuffle=True, random_state=seed)
    for fitted, held in halves.split(labels, labels):
        here = images.select(fitted)
        normalisation = MinMax.fit(here, smoothing, device)
        inputs = DeviceImages(here, normalisation, device)
        targets = torch.as_tensor(labels[fitted], dtype=torch.float32, device=device)
        model = Classifier(images.shape).to(device)
        optimiser = torch.optim.Adam(model.parameters(), LEARNING_RATE)
        order = torch.Generator().manual_seed(seed)
        unit = moments(inputs)[1] ** 0.5
        for _ in range(epochs):
            for drawn in torch.randperm(len(inputs), generator=order).split(BATCH):
                rows = drawn.to(device)
                logits = model(inputs.dense(rows) / unit)[:, 0]
                loss = binary_cross_entropy_with_logits(logits, targets[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        with torch.no_grad():
            rest = DeviceImages(images.select(held), normalisation, device)
            found = [model(batch / unit)[:, 0] for batch in rest.batches()]
        scores[held] = torch.cat(found).cpu().numpy()
    return scores
