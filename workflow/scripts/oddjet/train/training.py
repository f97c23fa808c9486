"""Training of one autoencoder on normal jets, and what it must beat to have learnt anything."""

import copy
import csv
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from oddjet.prepare.sparse import SparseImages
from oddjet.train.augmentation import augment
from oddjet.train.build import build
from oddjet.train.checkpoint import Checkpoint, RandomStates, Stateful
from oddjet.train.device_images import DeviceImages, fit_min_max
from oddjet.train.models.base import Autoencoder
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError, moments
from oddjet.train.torch_setup import moved

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A trained model at its best epoch, its normalisation, and the history, a row per epoch."""

    model: Autoencoder
    normalisation: MinMax
    history: list[dict[str, float]]
    parameters: Mapping[str, Any]
    shape: tuple[int, int, int]

    def save(self, path: str | Path, provenance: Mapping[str, str]) -> None:
        """Save all that is needed to use the model; `torch.load(weights_only=True)` reads it."""
        content = {
            "state": {name: value.cpu() for name, value in self.model.state_dict().items()},
            "model": dict(self.parameters),
            "shape": self.shape,
            "normalisation": self.normalisation.as_dict(),
            "provenance": dict(provenance),
        }
        with open(path, "wb") as file:  # given a path, PyTorch would write its name into the file
            torch.save(content, file)

    def save_history(self, path: str | Path) -> None:
        """Write the history as a table, which `tables.read` reads; empty what is no number."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            # pandas would be imported for this alone
            table = csv.DictWriter(file, self.history[0], lineterminator="\n")
            table.writeheader()
            for row in self.history:
                table.writerow({k: "" if math.isnan(value) else value for k, value in row.items()})


def load(path: str | Path, device: torch.device) -> tuple[Autoencoder, MinMax]:
    """Load a saved model, ready for scoring, and its normalisation."""
    saved = torch.load(path, map_location=device, weights_only=True)
    model = moved(build(saved["shape"], saved["model"]), device)
    model.load_state_dict(saved["state"])
    return model.eval(), MinMax(**saved["normalisation"])


class Progress:
    """The epochs so far, the weights of the best of them, and whether to go on."""

    def __init__(self, model: Autoencoder, epochs: int, patience: int) -> None:
        self.epochs, self.patience = epochs, patience
        self.history: list[dict[str, float]] = []
        self.best, self.best_weights = math.inf, copy.deepcopy(model.state_dict())
        self.waited = 0  # epochs since the best

    def add(self, row: Mapping[str, float], model: Autoencoder) -> None:
        """Add an epoch's row of the history, and keep the weights if it is the best."""
        self.history.append(dict(row))
        if row["val_loss"] < self.best:
            self.best, self.best_weights = row["val_loss"], copy.deepcopy(model.state_dict())
            self.waited = 0
        else:
            self.waited += 1

    @property
    def stopped_early(self) -> bool:
        return self.waited >= self.patience

    @property
    def finished(self) -> bool:
        return self.stopped_early or len(self.history) >= self.epochs

    @property
    def seconds_left(self) -> float:
        """Seconds that the epochs left take at most, if they take as long as those before."""
        mean = sum(row["seconds"] for row in self.history) / len(self.history)
        return mean * (self.epochs - len(self.history))

    def say(self) -> None:
        """Log the last epoch, and the end if it is one before the last allowed."""
        row = self.history[-1]
        log.info(
            "epoch %d/%d: training loss %.4g, validation loss %.4g (blank image %.4g, mean image "
            "%.4g), %.1f s, at most %.0f s left",
            *(row["epoch"], self.epochs, row["train_loss"], row["val_loss"]),
            *(row["blank_loss"], row["mean_loss"], row["seconds"], self.seconds_left),
        )
        if self.stopped_early:
            log.info("stopped: no better validation loss for %d epochs", self.waited)

    def state_dict(self) -> dict[str, Any]:
        names = ("history", "best", "best_weights", "waited")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)


class _Yardsticks:
    """The loss of a training, and what it must beat on the validation images."""

    def __init__(self, loss: str | Mapping[str, float], inputs: DeviceImages, held: DeviceImages):
        self.mean, _ = moments(inputs)
        self.error = ReconstructionError.fit(loss, inputs)
        self.blank_loss = self.error.mean(held, torch.zeros_like)
        self.mean_loss = self.error.mean(held, lambda images: self.mean.expand_as(images))

    def relative(self, images: Tensor, reconstructions: Tensor) -> Tensor:
        """The loss in units of the blank image's.

        The gradients of a mean over dark pixels can be as small as Adam's epsilon, and then nothing
        is learnt for many epochs.
        """
        return self.error(images, reconstructions) / self.blank_loss


def train(
    training: SparseImages,
    validation: SparseImages,
    setting: Mapping[str, Any],
    seed: int,
    device: torch.device,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train an autoencoder with Adam.

    It stops when the validation loss has not improved for `patience` epochs, and the weights of
    the best epoch are kept. The history holds `epoch, train_loss, val_loss, learning_rate, seconds`
    and, the same in each row, `blank_loss` and `mean_loss`: the validation loss of an all-zero
    image and of the mean training image. All losses are reconstruction errors of normalised pixels;
    `train_loss` is the mean over the epoch, with dropout on; `learning_rate` that of the epoch.

    Args:
        training, validation: images of the two parts.
        setting: `model`, as `build.build` takes it; `loss`, as `ReconstructionError.fit` takes it;
            `smoothing`, the standard deviation in pixels of the Gaussian that smooths all images;
            `training`, with `epochs`, `batch_size`, `learning_rate`, `patience`, `augmentation`,
            and `plateau`: None, or `factor` and `patience` of PyTorch's ReduceLROnPlateau.
        seed: for the order of the data and its augmentation; the caller seeds PyTorch itself.
        checkpoint: continued from where it is of this training, and kept up to date; the result is
            that of a training without interruption.
    """
    settings = setting["training"]
    normalisation = fit_min_max(training, setting["smoothing"], device)
    inputs, held = (
        DeviceImages(part, normalisation, device, keep=True) for part in (training, validation)
    )
    yardsticks = _Yardsticks(setting["loss"], inputs, held)
    model = moved(build(training.shape, setting["model"]), device)
    model.start_at(yardsticks.mean, yardsticks.error.rms)
    optimisers = model.optimisers(settings["learning_rate"])
    plateau = settings["plateau"]
    schedules = [ReduceLROnPlateau(one, **plateau) for one in optimisers] if plateau else []
    order = torch.Generator().manual_seed(seed)
    progress = Progress(model, settings["epochs"], settings["patience"])
    parts: dict[str, Stateful] = {
        "model": model,
        **{f"optimiser {number}": one for number, one in enumerate(optimisers)},
        **{f"schedule {number}": one for number, one in enumerate(schedules)},
        "random": RandomStates(device, order),
        "progress": progress,
    }
    if checkpoint and checkpoint.resume(parts):
        log.info("resuming after epoch %d/%d", len(progress.history), progress.epochs)
    while not progress.finished:
        started = time.monotonic()
        train_loss = _epoch(model, inputs, settings, yardsticks, optimisers, order)
        row = {
            "epoch": len(progress.history) + 1,
            "train_loss": train_loss,
            "val_loss": yardsticks.error.mean(held, model),
            "learning_rate": optimisers[0].param_groups[0]["lr"],
            "seconds": round(time.monotonic() - started, 3),
            "blank_loss": yardsticks.blank_loss,
            "mean_loss": yardsticks.mean_loss,
        }
        progress.add(row, model)
        for schedule in schedules:
            schedule.step(row["val_loss"])
        if checkpoint:
            checkpoint.keep(parts)
        progress.say()
    model.load_state_dict(progress.best_weights)
    return Trained(model, normalisation, progress.history, setting["model"], training.shape)


def _epoch(
    model: Autoencoder,
    inputs: DeviceImages,
    settings: Mapping[str, Any],
    yardsticks: _Yardsticks,
    optimisers: Sequence[Optimizer],
    order: torch.Generator,
) -> float:
    """Learn from all images once, in a random order; the mean loss on the way."""
    model.train()
    total = torch.zeros((), device=inputs.values.device)
    for rows in torch.randperm(len(inputs), generator=order).split(settings["batch_size"]):
        images = augment(inputs.dense(rows), settings["augmentation"], order)
        total += model.step(images, yardsticks.relative, optimisers) * len(rows)
    model.eval()
    return total.item() / len(inputs) * yardsticks.blank_loss
