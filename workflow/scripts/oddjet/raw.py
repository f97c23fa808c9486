"""Raw input: one array of an .npz file, read piece by piece and never unpickled."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from oddjet.errors import InputError

NPZ = "an .npz file with a numeric array"
# of the signatures that are commonly mistaken for an .npz
SIGNATURES = {
    b"PK": "a truncated or damaged .npz file",
    b"\x93NUMPY": "a single .npy array",
    b"\x89HDF": "an HDF5 file",
}
# what zipfile and NumPy raise on damaged files; the last three for headers that seem to say
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
class RawArray:
    """An array inside an .npz file, known by its header; `events` is its first axis."""

    file: Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool

    @property
    def events(self) -> int:
        return self.shape[0]

    def pieces(self) -> Iterator[np.ndarray]:
        """Yield the array in order of its rows, about 32 MiB at a time.

        A Fortran-ordered array is read as a whole: its rows do not lie together.

        Raises:
            InputError: the file ends early or its checksum is wrong.
        """
        row_bytes = max(1, self.dtype.itemsize * int(np.prod(self.shape[1:])))
        rows = self.events if self.fortran_order else max(1, PIECE_BYTES // row_bytes)
        try:
            with zipfile.ZipFile(self.file) as archive, archive.open(self.key + ".npy") as member:
                _read_header(member)
                for start in range(0, self.events, rows):
                    shape = (min(rows, self.events - start), *self.shape[1:])
                    flat = np.frombuffer(member.read(shape[0] * row_bytes), self.dtype)
                    yield flat.reshape(shape, order="F" if self.fortran_order else "C")
                member.read(1)  # at its end a member's checksum is compared
        except DAMAGE as error:
            raise InputError(
                self.file,
                f"damaged data in array '{self.key}' ({error})",
                f"{self.events} whole rows",
                "copy or download the file again and compare its size with the original's.",
            ) from error


def _read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of an .npy stream: shape, Fortran order, dtype."""
    if np.lib.format.read_magic(member) == (1, 0):
        return np.lib.format.read_array_header_1_0(member)
    return np.lib.format.read_array_header_2_0(member)


def open_array(file: str | Path, key: str | None = None) -> RawArray:
    """Open an array of an .npz file by its key; the key may be left out where there is one array.

    Only the header is read.

    Raises:
        InputError: no such file, not an .npz, truncated, no such key, or not a numeric array.
    """
    file = Path(file)
    if not file.is_file():
        raise InputError(
            file,
            "a folder" if file.is_dir() else "no such file",
            NPZ,
            "check `file` in the configuration.",
        )
    try:
        with zipfile.ZipFile(file) as archive:
            headers = {}
            for name in archive.namelist():
                if name.endswith(".npy"):
                    with archive.open(name) as member:
                        headers[name.removesuffix(".npy")] = _read_header(member)
    except PermissionError as error:
        raise InputError(
            file, "a file without read permission", NPZ, f"chmod u+r {file}"
        ) from error
    except DAMAGE as error:
        raise InputError(
            file, _what_else(file), NPZ, "write it with numpy.savez_compressed, or copy it again."
        ) from error
    listing = ", ".join(f"{name} {shape}" for name, (shape, _, _) in headers.items()) or "no array"
    if key is None and len(headers) == 1:
        key = next(iter(headers))
    if key not in headers:
        raise InputError(
            file,
            listing if key is None else f"no array '{key}' but {listing}",
            "one array, or its name as `key`",
            "set `key` of this sample to one of the names found.",
        )
    shape, fortran_order, dtype = headers[key]
    if dtype.kind not in "fiub":
        raise InputError(
            file,
            f"array '{key}' of type {dtype}",
            "floating-point numbers or integers",
            "arrays of Python objects are never unpickled: save a plain one, "
            "np.savez_compressed(file, images=np.stack(images)).",
        )
    if not shape or shape[0] == 0:
        raise InputError(
            file,
            f"array '{key}' of shape {shape}",
            "at least one event",
            "check how it was written.",
        )
    return RawArray(file, key, shape, dtype, fortran_order)


def _what_else(file: Path) -> str:
    """Say what a file that is not a readable .npz seems to be."""
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
