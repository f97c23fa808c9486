"""Jet images on the computing device: sparse in its memory, dense and normalised by the batch."""

import ctypes
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from oddjet.prepare.sparse import SparseImages

CPU = torch.device("cpu")
BATCH = 256  # events at once where nothing is learnt
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def smooth(images: Tensor, width: float) -> Tensor:
    """Convolve images (n, C, H, W) with a Gaussian of standard deviation `width`, in pixels.

    Beyond their rim the images are dark. The kernel ends at four standard deviations and sums to 1,
    as that of `scipy.ndimage.gaussian_filter`.
    """
    rows, columns = (_convolution(side, width, images.device) for side in images.shape[2:])
    return rows @ images @ columns


@cache  # a card would be waited for whenever a batch sends it numbers
def _convolution(side: int, width: float, device: torch.device) -> Tensor:
    """The convolution along one axis as a symmetric matrix (side, side)."""
    reach = int(4 * width + 0.5)
    weights = torch.exp(-((torch.arange(reach + 1, dtype=torch.float64) / width) ** 2) / 2)
    weights /= 2 * weights.sum() - weights[0]
    weights = torch.cat([weights, torch.zeros(side)])
    place = torch.arange(side)
    return weights[(place[:, None] - place).abs()].to(device, torch.float32)


@dataclass(frozen=True)
class MinMax:
    """Maps the pixels of each channel linearly, its `minimum` to 0 and its `maximum` to 1.

    What lies outside stays so. Channels are scaled apart, since they may be of different units.
    Before that images are smoothed by a Gaussian of standard deviation `smoothing`, in pixels.
    """

    minimum: tuple[float, ...]
    maximum: tuple[float, ...]
    smoothing: float = 0.0

    @classmethod
    def none(cls, channels: int, smoothing: float = 0.0) -> Self:
        """That which leaves the smoothed pixels as they are."""
        return cls((0.0,) * channels, (1.0,) * channels, smoothing)

    @classmethod
    def fit(cls, images: SparseImages, smoothing: float, device: torch.device) -> Self:
        """Take the constants from the training part, smoothed."""
        unscaled = DeviceImages(images, cls.none(images.shape[0], smoothing), device)
        lowest, highest = [], []
        for batch in unscaled.batches():
            lowest.append(batch.amin((0, 2, 3)))
            highest.append(batch.amax((0, 2, 3)))
        minimum, maximum = torch.stack(lowest).amin(0), torch.stack(highest).amax(0)
        return cls(tuple(minimum.tolist()), tuple(maximum.tolist()), smoothing)

    def __call__(self, images: Tensor) -> Tensor:
        """Normalise images (n, C, H, W)."""
        if self.smoothing:
            images = smooth(images, self.smoothing)
        pairs = zip(self.minimum, self.maximum, strict=True)
        span = tuple(high - low or 1.0 for low, high in pairs)  # one without contrast stays dark
        device = images.device
        return (images - _of_channels(self.minimum, device)) / _of_channels(span, device)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@cache
def _of_channels(values: tuple[float, ...], device: torch.device) -> Tensor:
    return torch.tensor(values, device=device)[:, None, None]


class DeviceImages:
    """N sparse images on a device, drawn from it as dense normalised batches."""

    def __init__(self, images: SparseImages, normalisation: MinMax, device: torch.device) -> None:
        self.shape = images.shape
        self.normalisation = normalisation
        self.lit = torch.as_tensor(np.diff(images.offsets))  # how many, by image; not on the device
        self.offsets = torch.as_tensor(images.offsets, device=device)
        self.pixels = torch.as_tensor(images.pixels.astype(np.int32), device=device)
        self.values = torch.as_tensor(images.values, device=device)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def dense(self, rows: Tensor) -> Tensor:
        """The images (n, C, H, W) at `rows` (n,), which are in main memory.

        The device is not waited for.
        """
        lit = int(self.lit[rows].sum())
        rows = rows.to(self.offsets.device, non_blocking=True)
        start, counts = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        event = torch.repeat_interleave(counts, output_size=lit)
        ends = torch.cumsum(counts, 0)
        place = torch.arange(lit, device=event.device) + (start - ends + counts)[event]
        images = torch.zeros(len(rows), int(np.prod(self.shape)), device=event.device)
        images[event, self.pixels[place].long()] = self.values[place]
        return self.normalisation(images.view(-1, *self.shape))

    def batches(self) -> Iterator[Tensor]:
        """All images in order, a batch at a time."""
        for rows in torch.arange(len(self)).split(BATCH):
            yield self.dense(rows)


def set_up_torch(seed: int, threads: int) -> None:
    """Make what follows quick, and the same on every run on one machine with as many threads."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is repeatable only with it
    torch.set_num_threads(threads)
    # what use_deterministic_algorithms does as well, which imports torch.compile for 1.5 s
    torch.set_deterministic_debug_mode("warn")
    # nothing here reads memory that it has not written
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    # a sigmoid over dark pixels makes denormal gradients, which cost a CPU many times the time
    torch.set_flush_denormal(True)
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    """Have the C library keep the memory of large tensors for the next step of a training.

    glibc gives large freed blocks and the free end of its heap back to the kernel, and the next
    step waits for fresh pages: docs/performance.md. Elsewhere nothing is done.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        if not libc.mallopt(MMAP_THRESHOLD, 2**30):
            libc.mallopt(MMAP_THRESHOLD, 2**25)  # older versions refuse more
        libc.mallopt(TRIM_THRESHOLD, 2**31 - 1)
