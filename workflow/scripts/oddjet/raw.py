"""Raw input: one array of an .npz or HDF5 file, read piece by piece and never unpickled."""

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import h5py
import numpy as np

from oddjet.errors import InputError

FILE = "an .npz or HDF5 file with a numeric array"
# of the signatures that are commonly mistaken for these
SIGNATURES = {
    b"PK": "a truncated or damaged .npz file",
    b"\x93NUMPY": "a single .npy array",
    b"\x89HDF": "a truncated or damaged HDF5 file",
}
# what zipfile, NumPy and h5py raise on damaged files; the last three for headers that seem to say
# encrypted, compressed in an unknown way, or beyond the end of the file
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OSError,
)
PIECE_BYTES = 32 * 2**20


@dataclass(frozen=True)
class RawArray(ABC):
    """An array inside a file, known by its header; `events` is its first axis."""

    file: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def events(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        return max(1, self.dtype.itemsize * int(np.prod(self.shape[1:])))

    def pieces(self) -> Iterator[np.ndarray]:
        """Yield the array in order of its rows, about 32 MiB at a time.

        Raises:
            InputError: the file ends early or its checksum is wrong.
        """
        try:
            yield from self._pieces(max(1, PIECE_BYTES // self.row_bytes))
        except DAMAGE as error:
            raise InputError(
                self.file,
                f"damaged data in array '{self.key}' ({error})",
                f"{self.events} whole rows",
                "copy or download the file again and compare its size with the original's.",
            ) from error

    @abstractmethod
    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        """Yield `rows` rows at a time."""


@dataclass(frozen=True)
class NpzArray(RawArray):
    """An array of an .npz file."""

    fortran_order: bool

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        if self.fortran_order:  # its rows do not lie together: it is read as a whole
            rows = self.events
        with zipfile.ZipFile(self.file) as archive, archive.open(self.key + ".npy") as member:
            _read_header(member)
            for start in range(0, self.events, rows):
                shape = (min(rows, self.events - start), *self.shape[1:])
                flat = np.frombuffer(member.read(shape[0] * self.row_bytes), self.dtype)
                yield flat.reshape(shape, order="F" if self.fortran_order else "C")
            member.read(1)  # at its end a member's checksum is compared


@dataclass(frozen=True)
class Hdf5Array(RawArray):
    """A dataset of an HDF5 file."""

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        with h5py.File(self.file) as file:
            for start in range(0, self.events, rows):
                yield file[self.key][start : start + rows]


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of an .npy stream: shape, Fortran order, dtype."""
    if np.lib.format.read_magic(member) == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    return np.lib.format.read_array_header_2_0(member)


def open_array(file: str | Path, key: str | None = None) -> RawArray:
    """Open an array of a file by its key; the key may be left out where there is one array.

    Only headers are read.

    Raises:
        InputError: no such file, neither .npz nor HDF5, truncated, no such key, or not a numeric
            array.
    """
    file = Path(file)
    if not file.is_file():
        raise InputError(
            file,
            "a folder" if file.is_dir() else "no such file",
            FILE,
            "check `file` in the configuration.",
        )
    try:
        arrays = {array.key: array for array in (_in_hdf5 if h5py.is_hdf5(file) else _in_npz)(file)}
    except PermissionError as error:
        raise InputError(
            file, "a file without read permission", FILE, f"chmod u+r {file}"
        ) from error
    except DAMAGE as error:
        raise InputError(
            file, _what_else(file), FILE, "write it with numpy.savez_compressed, or copy it again."
        ) from error
    listing = ", ".join(f"{name} {one.shape}" for name, one in arrays.items()) or "no array"
    if key is None and len(arrays) == 1:
        key = next(iter(arrays))
    if key not in arrays:
        raise InputError(
            file,
            listing if key is None else f"no array '{key}' but {listing}",
            "one array, or its name as `key`",
            "set `key` of this sample to one of the names found.",
        )
    found = arrays[key]
    if found.dtype.kind not in "fiub":
        raise InputError(
            file,
            f"array '{key}' of type {found.dtype}",
            "floating-point numbers or integers",
            "arrays of Python objects are never unpickled: save a plain one, "
            "np.savez_compressed(file, images=np.stack(images)).",
        )
    if not found.shape or found.events == 0:
        raise InputError(
            file,
            f"array '{key}' of shape {found.shape}",
            "at least one event",
            "check how it was written.",
        )
    return found


def _in_npz(file: Path) -> Iterator[RawArray]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    shape, fortran_order, dtype = _read_header(member)
                yield NpzArray(file, name.removesuffix(".npy"), shape, dtype, fortran_order)


def _in_hdf5(file: Path) -> Iterator[RawArray]:
    found: list[RawArray] = []

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            found.append(Hdf5Array(file, name, item.shape, item.dtype))

    with h5py.File(file) as content:
        content.visititems(keep)
    yield from found


def _what_else(file: Path) -> str:
    """Say what a file that cannot be read seems to be."""
    if file.stat().st_size == 0:
        return "an empty file"
    with open(file, "rb") as stream:
        start = stream.read(8)
    known = (what for signature, what in SIGNATURES.items() if start.startswith(signature))
    return next(known, f"a file of another kind (it starts with {start!r})")


def image_pieces(raw: RawArray) -> Iterator[np.ndarray]:
    """Yield jet images (n, C, H, W) as float32, each piece checked.

    The raw array is (N, H, W) or, with channels last, (N, H, W, C).

    Raises:
        InputError: wrong rank, pixels that are NaN, infinite or negative, or all equal.
    """
    image_shape(raw)
    lowest, highest, done = np.inf, -np.inf, 0
    for piece in raw.pieces():
        with np.errstate(
            over="ignore"
        ):  # what float32 cannot hold becomes infinite: reported below
            images = piece.astype(np.float32)
        usable = np.isfinite(images) & (images >= 0)
        if not usable.all():
            where = tuple(int(i) for i in np.argwhere(~usable)[0])
            raise InputError(
                raw.file,
                f"pixel {piece[where]} at {where[1:]} of event {done + where[0]} in '{raw.key}'",
                "finite pixels >= 0",
                "pixels are energies or transverse momenta: mend the image making, or mask them.",
            )
        lowest, highest = min(lowest, images.min()), max(highest, images.max())
        done += len(images)
        if images.ndim == 3:
            yield images[:, None]
        else:
            yield np.ascontiguousarray(np.moveaxis(images, -1, 1))
    if lowest == highest:
        raise InputError(
            raw.file,
            f"every pixel of array '{raw.key}' equal to {lowest}",
            "images that differ",
            "check that this is the array of images.",
        )


def image_shape(raw: RawArray) -> tuple[int, int, int]:
    """Shape (C, H, W) of one image.

    Raises:
        InputError: the array is not of rank 3 or 4, or an axis is empty.
    """
    if len(raw.shape) not in (3, 4) or 0 in raw.shape:
        raise InputError(
            raw.file,
            f"array '{raw.key}' of shape {raw.shape}",
            "(events, height, width) or (events, height, width, channels)",
            "reshape the array, or name another one as `key`.",
        )
    height, width = raw.shape[1:3]
    return (raw.shape[3] if len(raw.shape) == 4 else 1, height, width)


def read_truth(raw: RawArray, events: int) -> np.ndarray:
    """Read truth labels, int8 (N,): 0 normal, 1 anomalous.

    Raises:
        InputError: another length than `events`, another rank, or values other than 0 and 1.
    """
    if raw.shape != (events,):
        raise InputError(
            raw.file,
            f"truth '{raw.key}' of shape {raw.shape}",
            f"({events},), one label per event of the test",
            "truth must belong to the same file as the images, in the same order.",
        )
    labels = np.concatenate(list(raw.pieces()))
    strange = labels[(labels != 0) & (labels != 1)]
    if strange.size:
        raise InputError(
            raw.file,
            f"truth '{raw.key}' with the value {strange[0]}",
            "0 (normal) and 1 (anomalous) alone",
            "map the classes to 0 and 1.",
        )
    return labels.astype(np.int8)
