"""Arrays of .npy files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from oddjet.prepare.arrays import RawArray
from oddjet.prepare.columns import Contents


@dataclass(frozen=True)
class NpyArray(RawArray):
    """The array of an .npy file."""

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        array = np.lib.format.open_memmap(self.file, mode="r")
        for first in range(start, self.events, rows):
            yield np.array(array[first : first + rows])


def contents(file: Path) -> Contents:
    """The one array of a file."""
    with open(file, "rb") as stream:
        shape, _, dtype = read_header(stream)
    if not dtype.hasobject:  # that is refused by its type
        np.lib.format.open_memmap(file, mode="r")  # as long as its header says?
    return Contents(arrays=[NpyArray(file, "array", shape, dtype)])


def read_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read the header of an .npy stream: shape, Fortran order, dtype."""
    first = np.lib.format.read_magic(member) == (1, 0)
    read = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
    shape, fortran_order, dtype = read(member)
    return tuple(map(int, shape)), fortran_order, dtype  # NumPy takes True for a length
