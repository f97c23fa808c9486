"""One array of a raw file, read piece by piece."""

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddjet.common.errors import InputError

# what zipfile, NumPy, h5py and pyarrow raise on damaged files; the last three for headers that seem
# to say encrypted, compressed in an unknown way, or beyond the end of the file
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
                f"damaged data in '{self.key}' ({error})",
                f"{self.events} whole rows",
                "copy or download the file again and compare its size with the original's.",
            ) from error

    @abstractmethod
    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        """Yield `rows` rows at a time."""


@dataclass(frozen=True)
class ColumnArray(RawArray):
    """A column of an array of two axes."""

    whole: RawArray
    column: int

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        for piece in self.whole.pieces():  # as many rows as are read of the whole
            yield piece[:, self.column]


@dataclass(frozen=True)
class StackedArray(RawArray):
    """Arrays of one shape, side by side in the last axis."""

    parts: tuple[RawArray, ...]

    @classmethod
    def of(cls, parts: Sequence[RawArray]) -> "StackedArray":
        """Put arrays side by side.

        Raises:
            InputError: their shapes differ.
        """
        first = parts[0]
        if len({part.shape for part in parts}) > 1:
            raise InputError(
                first.file,
                "arrays " + ", ".join(f"'{part.key}' of shape {part.shape}" for part in parts),
                "the same shape for all",
                "name arrays that belong together in images.coordinates.",
            )
        key = ", ".join(part.key for part in parts)
        dtype = np.result_type(*(part.dtype for part in parts))
        return cls(first.file, key, (*first.shape, len(parts)), dtype, tuple(parts))

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        for pieces in zip(*(part._pieces(rows) for part in self.parts), strict=True):
            yield np.stack(pieces, axis=-1)
