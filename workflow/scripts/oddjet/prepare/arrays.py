"""One array of a raw file, read piece by piece."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from oddjet.common.errors import InputError
from oddjet.common.files import called

PIECE_BYTES = 32 * 2**20
MOST_ROW = 256 * 2**20  # bytes of a jet: 8192 x 8192 pixels
# times the size of its file that an array may have: zeros are compressed a thousandfold and more,
# and columns of one value better
MOST_UNPACKED = 10**6


@contextmanager
def readable(file: str | Path, found: str, expected: str, hint: str) -> Iterator[None]:
    """Say of whatever the block brings about which file it is from.

    What the libraries raise on damaged files is any exception there is.

    Raises:
        InputError: the block has failed.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(file, f"{found} ({in_short(error)})", expected, hint) from error


def in_short(error: Exception) -> str:
    """What a library says of a file, in a line."""
    said = " ".join(str(error).split())[:200]
    return said or type(error).__name__


@dataclass(frozen=True)
class RawArray(ABC):
    """An array inside a file, known by its header; `events` is its first axis.

    `file` is what several are called where it is joined of those of several.
    """

    file: str | Path
    key: str
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def events(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        return max(1, self.dtype.itemsize * prod(self.shape[1:]))

    @property
    def most_bytes(self) -> float:
        """How much its file may hold at most, unpacked."""
        return Path(self.file).stat().st_size * MOST_UNPACKED

    @property
    def counts(self) -> tuple[int, ...]:
        """How many events each of its files has."""
        return (self.events,)

    def origin(self, row: int) -> tuple[str | Path, int]:
        """The file that a row is from, and its row there."""
        return self.file, row

    def pieces(self, start: int = 0, at_once: int | None = None) -> Iterator[np.ndarray]:
        """Yield the array in order of its rows, from `start` on.

        Args:
            at_once: rows, where the file allows it; about 32 MiB unless told.

        Raises:
            InputError: the file ends early or its checksum is wrong.
        """
        with readable(
            self.file,
            f"damaged data in '{self.key}'",
            f"{self.events} whole rows",
            "copy or download the file again and compare its size with the original's.",
        ):
            yield from self._pieces(at_once or max(1, PIECE_BYTES // self.row_bytes), start)

    @abstractmethod
    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        """Yield `rows` rows at a time, from `start` on."""


@dataclass(frozen=True)
class JoinedArray(RawArray):
    """Arrays of several files, one behind the other."""

    parts: tuple[RawArray, ...]

    @classmethod
    def of(cls, parts: Sequence[RawArray]) -> RawArray:
        """Join arrays; one alone stays as it is.

        Raises:
            InputError: they differ in more than their numbers of events.
        """
        first, *others = parts
        for part in others:
            if _kind(part) != _kind(first):
                raise InputError(
                    part.file,
                    f"array '{part.key}' of {_kind(part)}",
                    f"{_kind(first)} as '{first.key}' in {first.file}",
                    "the files of a sample hold one array: write them alike, make those of another "
                    "kind a sample of their own.",
                )
        if not others:
            return first
        events = sum(part.events for part in parts)
        file = called([part.file for part in parts])
        return cls(file, first.key, (events, *first.shape[1:]), first.dtype, tuple(parts))

    @property
    def counts(self) -> tuple[int, ...]:
        return tuple(part.events for part in self.parts)

    def origin(self, row: int) -> tuple[str | Path, int]:
        for part in self.parts:
            if row < part.events:
                return part.file, row
            row -= part.events
        raise IndexError(row)

    def pieces(self, start: int = 0, at_once: int | None = None) -> Iterator[np.ndarray]:
        for part, first in self._from(start):  # each says itself that it is damaged
            yield from part.pieces(first, at_once)

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        for part, first in self._from(start):
            yield from part._pieces(rows, first)

    def _from(self, start: int) -> Iterator[tuple[RawArray, int]]:
        """The parts that have rows from `start` on, each with the first of them."""
        for part in self.parts:
            if start < part.events:
                yield part, max(start, 0)
            start -= part.events


def _kind(array: RawArray) -> str:
    """Type and shape of an array but for the number of events, byte order and length of texts."""
    dtype = "text" if array.dtype.kind in "SU" else array.dtype.newbyteorder("=").name
    return f"{dtype}, ({', '.join(map(str, ('events', *array.shape[1:])))})"


@dataclass(frozen=True)
class ColumnArray(RawArray):
    """A column of an array of two axes."""

    whole: RawArray
    column: int

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        for piece in self.whole.pieces(start):  # as many rows as are read of the whole
            yield piece[:, self.column]


@dataclass(frozen=True)
class PaddedArray(RawArray):
    """An array whose second axis is filled up with zeros, or cut."""

    whole: RawArray

    @classmethod
    def of(cls, whole: RawArray, length: int) -> RawArray:
        if whole.shape[1] == length:
            return whole
        shape = (whole.events, length, *whole.shape[2:])
        return cls(whole.file, whole.key, shape, whole.dtype, whole)

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        for piece in self.whole.pieces(start):  # as many rows as are read of the whole
            kept = piece[:, : self.shape[1]]
            missing = self.shape[1] - kept.shape[1]
            yield np.pad(kept, [(0, 0), (0, missing), *[(0, 0)] * (kept.ndim - 2)])


@dataclass(frozen=True)
class GroupedArray(RawArray):
    """An array (N, m) as (N, m // n, n); the rest of a row is left out."""

    whole: RawArray

    @classmethod
    def of(cls, whole: RawArray, each: int) -> RawArray:
        """Arrays of other ranks stay as they are."""
        if len(whole.shape) != 2:
            return whole
        shape = (whole.events, whole.shape[1] // each, each)
        return cls(whole.file, whole.key, shape, whole.dtype, whole)

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        groups, each = self.shape[1:]
        for piece in self.whole.pieces(start):  # as many rows as are read of the whole
            yield piece[:, : groups * each].reshape(-1, groups, each)


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

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        for pieces in zip(*(part._pieces(rows, start) for part in self.parts), strict=True):
            yield np.stack(pieces, axis=-1)
