"""What a device computes in a training, on any device, without what is read from it beforehand."""

from collections.abc import Callable

import numpy as np
import torch
from conftest import NO_AUGMENTATION, architecture, blobs
from torch import Tensor

from oddjet.prepare.sparse import SparseImages
from oddjet.train.augmentation import augment
from oddjet.train.build import build
from oddjet.train.device_images import DeviceImages
from oddjet.train.models.base import Autoencoder
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError, moments
from oddjet.train.torch_setup import CPU, moved, set_up_torch

AUGMENTATION = dict.fromkeys(NO_AUGMENTATION, True)
SMOOTHED = MinMax.none(1, 1.0)


def images(events: int, seed: int) -> SparseImages:
    rng = np.random.default_rng(seed)
    made = [blobs(rng, [tuple(rng.uniform(8, 23, 2))], 32) for _ in range(events)]
    return SparseImages.from_dense(np.stack(made)[:, None].astype(np.float32))


def started(
    kind: str, loss: str, device: torch.device
) -> tuple[Autoencoder, ReconstructionError, DeviceImages]:
    """A model before its first step, its loss and its images, these two kept sparse."""
    set_up_torch(1, 1)
    some = images(96, 1)
    here = DeviceImages(some, SMOOTHED, CPU)
    error = ReconstructionError.fit(loss, here)
    model = build(some.shape, architecture(kind, latent=3))
    model.start_at(moments(here)[0], error.rms)
    return moved(model, device), error, DeviceImages(some, SMOOTHED, device)


def training_step(kind: str, loss: str, device: torch.device) -> Callable[[], Tensor]:
    """A step of a training, from sparse images to changed weights, that gives the mean loss."""
    model, error, inputs = started(kind, loss, device)
    optimisers = model.optimisers(1e-3)
    order = torch.Generator().manual_seed(1)

    def step() -> Tensor:
        rows = torch.randperm(96, generator=order)[:16]
        return model.step(augment(inputs.dense(rows), AUGMENTATION, order), error, optimisers)

    return step
