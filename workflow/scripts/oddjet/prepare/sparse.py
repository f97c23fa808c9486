"""Jet images stored by their lit pixels alone: 96% to 99% of a jet image is zero.

The layout is compressed sparse row: the lit pixels of event i are
`pixels[offsets[i]:offsets[i + 1]]`, flat positions in a (C, H, W) image, with their `values`.

scipy.sparse has such rows too, in memory: these are appended to and read from a file in pieces,
keep their positions in two bytes, where four would be the least there, and have an image's shape.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Self

import h5py
import numpy as np

DIGEST = 8  # bytes: of a million images no two different ones share a digest, but for 3 in 10^8

CHUNK = 2**16  # lit pixels per HDF5 chunk: 256 KiB of values
EVENTS_AT_ONCE = 2000  # some 80 MB when densified at 100 x 100, and for larger images
PIXELS_AT_ONCE = 2**25  # no more than 128 MiB


@dataclass(frozen=True)
class SparseImages:
    """N images of `shape` (C, H, W): `offsets` (N + 1,), `pixels` and `values` (lit pixels,)."""

    offsets: np.ndarray
    pixels: np.ndarray
    values: np.ndarray
    shape: tuple[int, int, int]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def from_dense(cls, images: np.ndarray) -> Self:
        """Take dense images (N, C, H, W)."""
        flat, size = images.reshape(-1), int(np.prod(images.shape[1:]))
        lit = np.flatnonzero(flat != 0)  # of truth values it takes a tenth of the time
        offsets = np.searchsorted(lit, np.arange(len(images) + 1) * size)
        values = flat[lit].astype(np.float32)
        return cls(offsets, (lit % size).astype(_pixel_dtype(size)), values, images.shape[1:])

    @classmethod
    def join(cls, several: Sequence[Self]) -> Self:
        """The images of several, one behind the other, all of the same shape."""
        counts = np.concatenate([np.diff(images.offsets) for images in several])
        return cls(
            np.concatenate([[0], np.cumsum(counts)]),
            np.concatenate([images.pixels for images in several]),
            np.concatenate([images.values for images in several]),
            several[0].shape,
        )

    def dense(self) -> np.ndarray:
        """Dense images, float32 (N, C, H, W)."""
        flat = np.zeros((len(self), int(np.prod(self.shape))), np.float32)
        flat[np.repeat(np.arange(len(self)), np.diff(self.offsets)), self.pixels] = self.values
        return flat.reshape(-1, *self.shape)

    def select(self, rows: np.ndarray) -> Self:
        """The images at `rows`, integers in any order."""
        counts = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        lit = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1][rows] - offsets[:-1], counts)
        return type(self)(offsets, self.pixels[lit], self.values[lit], self.shape)

    def constant(self) -> np.ndarray:
        """Mark images whose pixels are all equal: no pixel lit, or all of them alike, (N,) bool."""
        counts = np.diff(self.offsets)
        found = counts == 0
        for row in np.flatnonzero(counts == np.prod(self.shape)):
            values = self.values[self.offsets[row] : self.offsets[row + 1]]
            found[row] = values.min() == values.max()
        return found

    def one_place(self) -> np.ndarray:
        """Mark images that are lit in one place alone, in however many channels, (N,) bool."""
        place = self.pixels.astype(np.int64) % int(np.prod(self.shape[1:]))
        found = np.zeros(len(self), bool)
        lit = np.flatnonzero(np.diff(self.offsets))  # reduceat takes no empty rows
        starts = self.offsets[lit]
        if len(lit):
            found[lit] = np.minimum.reduceat(place, starts) == np.maximum.reduceat(place, starts)
        return found

    def digests(self) -> np.ndarray:
        """A hash of the content of each image, uint64 (N,)."""
        found = [
            blake2b(
                self.pixels[start:stop].tobytes() + self.values[start:stop].tobytes(),
                digest_size=DIGEST,
            ).digest()
            for start, stop in pairwise(self.offsets)
        ]
        return np.frombuffer(b"".join(found), np.uint64)


class Growing:
    """Datasets of `most` rows at most in an HDF5 group, to which rows are added.

    They wait until they fill a chunk: a few rows at a time would take most of the time.
    """

    def __init__(self, group: h5py.Group, most: int) -> None:
        self.group, self.most = group, most
        self.waiting: dict[str, list[np.ndarray]] = {}

    def append(self, name: str, values: np.ndarray) -> None:
        """Add rows (n, ...), of a shape and type that are the same each time."""
        waiting = self.waiting.setdefault(name, [])
        waiting.append(values)
        if sum(rows.nbytes for rows in waiting) >= CHUNK:
            self._write(name)

    def close(self) -> None:
        """Write what still waits."""
        for name in self.waiting:
            self._write(name)

    def _write(self, name: str) -> None:
        if not self.waiting[name]:
            return
        values = np.concatenate(self.waiting[name])
        self.waiting[name] = []
        if name not in self.group:
            chunk = max(1, min(self.most, CHUNK // values[:1].nbytes))
            shapes = [(rows, *values.shape[1:]) for rows in (0, None, chunk)]
            self.group.create_dataset(
                name, shapes[0], values.dtype, maxshape=shapes[1], chunks=shapes[2]
            )
        dataset = self.group[name]
        dataset.resize(len(dataset) + len(values), axis=0)
        dataset[-len(values) :] = values


def _pixel_dtype(pixels: int) -> type:
    return np.uint16 if pixels <= 2**16 else np.uint32


def events_at_once(shape: tuple[int, ...]) -> int:
    """How many images of `shape` may be dense together."""
    return max(1, min(EVENTS_AT_ONCE, PIXELS_AT_ONCE // int(np.prod(shape))))


class SparseFile:
    """Images in an HDF5 group, appended to and read piece by piece."""

    def __init__(self, group: h5py.Group) -> None:
        self.group = group

    @classmethod
    def create(cls, group: h5py.Group, shape: tuple[int, int, int]) -> Self:
        """Lay out an empty store of images of `shape` (C, H, W)."""
        group.attrs["shape"] = shape
        group.create_dataset(
            "offsets", data=np.zeros(1, np.int64), maxshape=(None,), chunks=(CHUNK,)
        )
        for name, dtype in (("pixels", _pixel_dtype(int(np.prod(shape)))), ("values", np.float32)):
            group.create_dataset(
                name,
                (0,),
                dtype,
                maxshape=(None,),
                chunks=(CHUNK,),
                compression="gzip",
                shuffle=True,
            )
        return cls(group)

    @property
    def shape(self) -> tuple[int, int, int]:
        channels, height, width = (int(n) for n in self.group.attrs["shape"])
        return channels, height, width

    def __len__(self) -> int:
        return len(self.group["offsets"]) - 1

    def append(self, images: SparseImages) -> None:
        """Add images behind those already there."""
        offsets = self.group["offsets"]
        lit = len(self.group["values"])
        for name, data in (("pixels", images.pixels), ("values", images.values)):
            self.group[name].resize(lit + len(data), axis=0)
            self.group[name][lit:] = data
        offsets.resize(len(offsets) + len(images), axis=0)
        offsets[-len(images) :] = images.offsets[1:] + lit

    def read(self, start: int = 0, stop: int | None = None) -> SparseImages:
        """Events `start` to `stop`; all of them unless told."""
        offsets = self.group["offsets"][start : len(self) + 1 if stop is None else stop + 1]
        lit = slice(offsets[0], offsets[-1])
        return SparseImages(
            offsets - offsets[0], self.group["pixels"][lit], self.group["values"][lit], self.shape
        )

    def pieces(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, SparseImages]]:
        """Yield (rows, images) of the ascending `rows`, a bounded number of events at a time."""
        step = events_at_once(self.shape)
        for start in range(0, len(self), step):
            stop = min(start + step, len(self))
            here = rows[np.searchsorted(rows, start) : np.searchsorted(rows, stop)]
            if len(here):
                yield here, self.read(start, stop).select(here - start)

    def select(self, rows: np.ndarray) -> SparseImages:
        """The images at the ascending `rows`, of which there is at least one."""
        return SparseImages.join([images for _, images in self.pieces(rows)])
