"""What the supervised reference reads of jets: their images, or their leading constituents."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np
import torch
from torch import Tensor

from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.train.device_images import DeviceImages
from oddjet.train.normalisation import MinMax

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
        return DeviceImages(images, MinMax.none(images.shape[0], smoothing), device, keep=True)
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
    import vector  # here, because it takes long, and images need none

    names = ("E", "px", "py", "pz")
    momenta = np.moveaxis(constituents.astype(np.float64), 2, 0)
    jet: Any = vector.array(dict(zip(names, momenta.sum(axis=2), strict=True)))
    energy = np.where(jet.E > 0, jet.E, 1)
    beta = np.clip(jet.pz / energy, -1 + 1e-9, 1 - 1e-9)  # rounded, energies may be too small
    each: Any = vector.array(dict(zip(names, momenta, strict=True)))
    moved = each.boostZ(beta=-beta[:, None]).rotateZ(-jet.phi[:, None])
    return np.stack([moved[name] for name in names], axis=2).astype(np.float32)
