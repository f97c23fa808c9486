"""The supervised reference: networks that learn from the truth of one half of labelled jets."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import StratifiedKFold
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from oddjet.common.errors import InputError
from oddjet.evaluate.classifier import Classifier
from oddjet.evaluate.supervised_inputs import Jets
from oddjet.train.device_images import BATCH
from oddjet.train.optimisers import Adam
from oddjet.train.torch_setup import moved

log = logging.getLogger(__name__)

BATCH_SIZE = 64  # of the training
LEARNING_RATE = 1e-3


@dataclass(frozen=True)
class CrossFit:
    """Two classifiers, each of which learnt from one half of the labelled jets.

    Attributes:
        classifiers: one of each half.
        scores: logits (N,) of the labelled jets, each by the classifier that did not learn from it.
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
        labels: 0 normal, 1 anomalous, (N,); at least two of one of them. Of one kind alone nothing
            is learnt, and predictions are nan.
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
    told = 0 < labels.sum() < len(labels)
    if not told:
        log.warning("all labelled jets are of one kind: there is nothing to learn")
    truth = torch.as_tensor(labels, dtype=torch.float32, device=device)
    halves = StratifiedKFold(2, shuffle=True, random_state=seed)
    for half, parts in enumerate(halves.split(labels, labels), 1):
        fitted, held = (torch.as_tensor(rows) for rows in parts)
        classifier = moved(Classifier(network, jets.shape), device)
        classifier.fit_unit(jets.dense(rows) for rows in fitted.split(BATCH))
        optimiser = Adam(classifier.parameters(), LEARNING_RATE)
        order = torch.Generator().manual_seed(seed)
        for epoch in range(1, epochs + 1):
            row: dict[str, float] = {"half": half, "epoch": epoch}
            row |= _learn(classifier, jets, fitted, truth, optimiser, order)
            found = _logits(classifier, jets, held)
            row["held_loss"] = binary_cross_entropy_with_logits(found, truth[held]).item()
            row["held_accuracy"] = _correct(found, truth[held]).item() / len(held)
            history.append(row)
            log.info(
                "half %d, epoch %d/%d: training loss %.4g, accuracy %.3f; held %.4g, %.3f",
                *(half, epoch, epochs, row["train_loss"], row["train_accuracy"]),
                *(row["held_loss"], row["held_accuracy"]),
            )
        scores[parts[1]] = found.cpu().numpy()
        if not told:
            classifier.unit.fill_(torch.nan)  # so that it predicts nan
        classifiers.append(classifier)
    return CrossFit(classifiers, scores, pd.DataFrame(history))


def _learn(
    classifier: Classifier,
    jets: Jets,
    fitted: Tensor,
    truth: Tensor,
    optimiser: Adam,
    order: torch.Generator,
) -> dict[str, float]:
    """Learn once from the jets at the rows `fitted`; the mean loss and the accuracy on the way."""
    losses = torch.zeros((), dtype=torch.float64, device=truth.device)
    correct = torch.zeros((), dtype=torch.int64, device=truth.device)
    for drawn in torch.randperm(len(fitted), generator=order).split(BATCH_SIZE):
        rows = fitted[drawn]
        wanted = truth[rows.to(truth.device, non_blocking=True)]
        logits = classifier(jets.dense(rows))
        loss = binary_cross_entropy_with_logits(logits, wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses += loss.detach() * len(rows)
        correct += _correct(logits, wanted)
    return {
        "train_loss": losses.item() / len(fitted),
        "train_accuracy": correct.item() / len(fitted),
    }


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
        classifier = moved(Classifier(saved["network"], saved["shape"]), device)
        classifier.load_state_dict(saved["state"])
        classifiers.append(classifier)
    return classifiers
