"""The upper reference: networks that are told which jets are anomalous."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from oddjet.common.errors import InputError
from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.train.optimisers import Adam
from oddjet.train.tensors import BATCH, DeviceImages, MinMax

log = logging.getLogger(__name__)

BATCH_SIZE = 64  # of the training
LEARNING_RATE = 1e-3
# a prepared sample, and which of its events; None for all
Sample = tuple[str | Path, np.ndarray | None]


class Jets(Protocol):
    """N jets on a device, drawn from it as dense batches (n, *shape)."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def dense(self, rows: Tensor) -> Tensor: ...


class DeviceArray:
    """N jets, each an array of numbers, on a device."""

    def __init__(self, values: np.ndarray, device: torch.device) -> None:
        self.values = torch.as_tensor(values, dtype=torch.float32, device=device)
        self.shape = tuple(values.shape[1:])

    def __len__(self) -> int:
        return len(self.values)

    def dense(self, rows: Tensor) -> Tensor:
        """The jets (n, *shape) at `rows` (n,), which are in main memory."""
        return self.values[rows.to(self.values.device, non_blocking=True)]


def read_jets(
    network: Mapping[str, Any],
    samples: Sequence[Sample],
    smoothing: float,
    device: torch.device,
) -> Jets:
    """What a network reads of the jets of several prepared samples, one behind the other.

    Args:
        network: its settings in the configuration.
        samples: files, and ascending rows of each.
        smoothing: standard deviation in pixels of the Gaussian that smooths images.
    """
    if network["inputs"] == "images":
        images = SparseImages.join([_read_images(*sample) for sample in samples])
        return DeviceImages(images, MinMax.none(images.shape[0], smoothing), device)
    leading = [_read_constituents(network["leading"], *sample) for sample in samples]
    return DeviceArray(in_jet_frame(np.concatenate(leading)), device)


def _read_images(path: str | Path, rows: np.ndarray | None) -> SparseImages:
    with h5py.File(path) as sample:
        file = SparseFile(sample)
        return file.read() if rows is None else file.select(rows)


def _read_constituents(leading: int, path: str | Path, rows: np.ndarray | None) -> np.ndarray:
    """The leading constituents (n, leading, 4), padded with zeros where fewer are stored."""
    with h5py.File(path) as sample:
        found = sample["constituents"][:, :leading]
    found = found if rows is None else found[rows]
    return np.pad(found, ((0, 0), (0, leading - found.shape[1]), (0, 0)))


def in_jet_frame(constituents: np.ndarray) -> np.ndarray:
    """Four-vectors of constituents as seen where their jet has no longitudinal and no y momentum.

    Where a jet points says nothing about its kind: each is rotated about the beam and boosted along
    it, which changes neither transverse momenta nor masses.

    Args:
        constituents: E, px, py, pz of each, padded with zeros, (N, k, 4).

    Returns:
        The same, float32 (N, k, 4). Jets without constituents are left as they are.
    """
    energy, px, py, pz = np.moveaxis(constituents.astype(np.float64), 2, 0)
    jet = constituents.sum(axis=1, dtype=np.float64)
    pt = np.hypot(jet[:, 1], jet[:, 2])
    cos, sin = (np.divide(jet[:, i], pt, where=pt > 0, out=np.zeros_like(pt)) for i in (1, 2))
    cos[pt == 0] = 1
    beta = np.divide(jet[:, 3], jet[:, 0], where=jet[:, 0] > 0, out=np.zeros_like(pt))
    beta = np.clip(beta, -1 + 1e-9, 1 - 1e-9)[:, None]  # rounded, energies may be too small
    gamma = 1 / np.sqrt(1 - beta**2)
    cos, sin = cos[:, None], sin[:, None]
    moved = (
        gamma * (energy - beta * pz),
        cos * px + sin * py,
        cos * py - sin * px,
        gamma * (pz - beta * energy),
    )
    return np.stack(moved, axis=2).astype(np.float32)


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
        layers += [nn.Conv2d(before, after, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
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


@dataclass(frozen=True)
class CrossFit:
    """Two classifiers, each of which learnt from one half of the labelled jets.

    Attributes:
        classifiers: one of each half.
        scores: logits (N,) of the labelled jets, each by the classifier that was not told it.
        history: `half, epoch, train_loss, train_accuracy, held_loss, held_accuracy`, a row per
            half that a classifier learns from, 1 or 2, and epoch. Losses are binary
            cross-entropies; `train` is the mean over the epoch, while it learns, `held` the other
            half after it.
    """

    classifiers: Sequence[Classifier]
    scores: np.ndarray
    history: pd.DataFrame


def cross_fit(
    jets: Jets,
    labels: np.ndarray,
    network: Mapping[str, Any],
    epochs: int,
    seed: int,
    device: torch.device,
) -> CrossFit:
    """Let a classifier learn from each half of labelled jets, with Adam, and score the other half.

    Args:
        jets: N of them, on the device.
        labels: 0 normal, 1 anomalous, (N,); at least two of one of them.
        network: its settings in the configuration.
        epochs: passes over a half.
        seed: of the halves and of the order of the data; the caller seeds PyTorch itself.

    Raises:
        InputError: fewer jets than that.
    """
    if np.bincount(labels).max() < 2:
        raise InputError(
            "samples.tests",
            f"{len(labels)} labelled jets",
            "at least two that are normal, or two that are anomalous",
            "give more, or set supervised.networks to {}.",
        )
    scores, classifiers, history = np.zeros(len(jets)), [], []
    truth = torch.as_tensor(labels, dtype=torch.float32, device=device)
    halves = StratifiedKFold(2, shuffle=True, random_state=seed)
    for half, parts in enumerate(halves.split(labels, labels), 1):
        fitted, held = (torch.as_tensor(rows) for rows in parts)
        classifier = Classifier(network, jets.shape).to(device)
        classifier.fit_unit(jets.dense(rows) for rows in fitted.split(BATCH))
        optimiser = Adam(classifier.parameters(), LEARNING_RATE)
        order = torch.Generator().manual_seed(seed)
        for epoch in range(1, epochs + 1):
            losses = torch.zeros((), dtype=torch.float64, device=device)
            correct = torch.zeros((), dtype=torch.int64, device=device)
            for drawn in torch.randperm(len(fitted), generator=order).split(BATCH_SIZE):
                rows = fitted[drawn]
                told = truth[rows.to(device, non_blocking=True)]
                logits = classifier(jets.dense(rows))
                loss = binary_cross_entropy_with_logits(logits, told)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                losses += loss.detach() * len(rows)
                correct += _correct(logits, told)
            found = _logits(classifier, jets, held)
            row = {
                "half": half,
                "epoch": epoch,
                "train_loss": losses.item() / len(fitted),
                "train_accuracy": correct.item() / len(fitted),
                "held_loss": binary_cross_entropy_with_logits(found, truth[held]).item(),
                "held_accuracy": _correct(found, truth[held]).item() / len(held),
            }
            history.append(row)
            log.info(
                "half %d, epoch %d/%d: training loss %.4g, accuracy %.3f; held %.4g, %.3f",
                *(half, epoch, epochs, row["train_loss"], row["train_accuracy"]),
                *(row["held_loss"], row["held_accuracy"]),
            )
        scores[parts[1]] = found.cpu().numpy()
        classifiers.append(classifier)
    return CrossFit(classifiers, scores, pd.DataFrame(history))


def _correct(logits: Tensor, truth: Tensor) -> Tensor:
    """How many jets are on the right side of an output of one half."""
    return ((logits > 0) == (truth > 0)).sum()


@torch.no_grad()
def _logits(classifier: Classifier, jets: Jets, rows: Tensor) -> Tensor:
    return torch.cat([classifier(jets.dense(some)) for some in rows.split(BATCH)])


def probabilities(classifiers: Sequence[Classifier], jets: Jets) -> np.ndarray:
    """The mean of the classifiers' outputs for jets that none of them has seen, float32 (N,)."""
    rows = torch.arange(len(jets))
    found = [_logits(classifier, jets, rows).sigmoid() for classifier in classifiers]
    return torch.stack(found).mean(0).cpu().numpy()


def save(
    path: str | Path,
    networks: Mapping[str, Sequence[Classifier]],
    provenance: Mapping[str, str],
) -> None:
    """Save the classifiers of each network; `torch.load(weights_only=True)` reads them."""
    content = {
        name: [
            {
                "network": dict(classifier.network),
                "shape": classifier.shape,
                "state": {key: value.cpu() for key, value in classifier.state_dict().items()},
            }
            for classifier in classifiers
        ]
        for name, classifiers in networks.items()
    }
    with open(path, "wb") as file:  # given a path, PyTorch would write its name into the file
        torch.save({"networks": content, "provenance": dict(provenance)}, file)


def load(path: str | Path, name: str, device: torch.device) -> list[Classifier]:
    """Load the saved classifiers of one network."""
    classifiers = []
    for saved in torch.load(path, map_location=device, weights_only=True)["networks"][name]:
        classifier = Classifier(saved["network"], saved["shape"]).to(device)
        classifier.load_state_dict(saved["state"])
        classifiers.append(classifier)
    return classifiers
