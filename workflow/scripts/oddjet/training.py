"""Training of one autoencoder on normal jets, and what it must beat to have learnt anything."""

import copy
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from oddjet.models import Autoencoder, build
from oddjet.sparse import SparseImages
from oddjet.tensors import DeviceImages, MinMax

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


def load(path: str | Path, device: torch.device) -> tuple[Autoencoder, MinMax]:
    """Load a saved model, ready for scoring, and its normalisation."""
    saved = torch.load(path, map_location=device, weights_only=True)
    model = build(saved["shape"], saved["model"]).to(device)
    model.load_state_dict(saved["state"])
    return model.eval(), MinMax(**saved["normalisation"])


def image_errors(images: Tensor, reconstructions: Tensor) -> Tensor:
    """Reconstruction error (n,): the mean squared difference over an image's pixels."""
    return (images - reconstructions).square().flatten(1).mean(1)


def train(
    training: SparseImages,
    validation: SparseImages,
    parameters: Mapping[str, Any],
    settings: Mapping[str, Any],
    seed: int,
    device: torch.device,
    smoothing: float = 0.0,
) -> Trained:
    """Train an autoencoder with Adam on the mean squared error.

    It stops when the validation loss has not improved for `patience` epochs, and the weights of
    the best epoch are kept. The history holds `epoch, train_loss, val_loss, learning_rate, seconds`
    and, the same in each row, `blank_loss` and `mean_loss`: the validation loss of an all-zero
    image and of the mean training image. All losses are mean squared errors of normalised pixels;
    `train_loss` is the mean over the epoch, with dropout on.

    Args:
        training, validation: images of the two parts.
        parameters: of the model, as `models.build` takes them.
        settings: `epochs`, `batch_size`, `learning_rate`, `patience`.
        seed: for the order of the data; the caller seeds PyTorch itself.
        smoothing: standard deviation in pixels of the Gaussian that smooths all images.
    """
    normalisation = MinMax.fit(training, smoothing, device)
    inputs = DeviceImages(training, normalisation, device)
    held = DeviceImages(validation, normalisation, device)
    mean, mean_square = moments(inputs)
    blank_loss = _loss(held, lambda images: torch.zeros_like(images))
    mean_loss = _loss(held, lambda images: mean.expand_as(images))

    model = build(training.shape, parameters).to(device)
    model.start_at(float(mean.mean()), mean_square**0.5)
    optimiser = torch.optim.Adam(model.parameters(), settings["learning_rate"])
    order = torch.Generator().manual_seed(seed)
    history: list[dict[str, float]] = []
    best, best_state = np.inf, copy.deepcopy(model.state_dict())
    waited, started = 0, time.monotonic()
    for epoch in range(1, settings["epochs"] + 1):
        epoch_started = time.monotonic()
        model.train()
        total = torch.zeros((), device=device)
        for rows in torch.randperm(len(inputs), generator=order).split(settings["batch_size"]):
            images = inputs.dense(rows.to(device))
            loss = image_errors(images, model(images)).mean()
            optimiser.zero_grad()
            # in units of the blank image's: the gradients of a mean over dark pixels can be as
            # small as Adam's epsilon, and then nothing is learnt for many epochs
            (loss / blank_loss).backward()
            optimiser.step()
            total += loss.detach() * len(rows)
        model.eval()
        row = {
            "epoch": epoch,
            "train_loss": total.item() / len(inputs),
            "val_loss": _loss(held, model),
            "learning_rate": optimiser.param_groups[0]["lr"],
            "seconds": round(time.monotonic() - epoch_started, 3),
            "blank_loss": blank_loss,
            "mean_loss": mean_loss,
        }
        history.append(row)
        if row["val_loss"] < best:
            best, best_state, waited = row["val_loss"], copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
        left = (time.monotonic() - started) / epoch * (settings["epochs"] - epoch)
        log.info(
            "epoch %d/%d: training loss %.4g, validation loss %.4g (blank image %.4g, mean image "
            "%.4g), %.1f s, at most %.0f s left",
            *(epoch, settings["epochs"], row["train_loss"], row["val_loss"]),
            *(blank_loss, mean_loss, row["seconds"], left),
        )
        if waited >= settings["patience"]:
            log.info("stopped: no better validation loss for %d epochs", waited)
            break
    model.load_state_dict(best_state)
    return Trained(model, normalisation, history, parameters, training.shape)


def moments(images: DeviceImages) -> tuple[Tensor, float]:
    """Mean image (C, H, W), and mean square of all pixels, of normalised images."""
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.values.device)
    squares = torch.zeros((), dtype=torch.float64, device=images.values.device)
    for batch in images.batches():
        total += batch.sum(0, dtype=torch.float64)
        squares += batch.square().sum(dtype=torch.float64)
    return (total / len(images)).float(), squares.item() / len(images) / total.numel()


@torch.no_grad()
def _loss(images: DeviceImages, reconstruct: Callable[[Tensor], Tensor]) -> float:
    total = 0.0
    for batch in images.batches():
        total += image_errors(batch, reconstruct(batch)).sum(dtype=torch.float64).item()
    return total / len(images)
