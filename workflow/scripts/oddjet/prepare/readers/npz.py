"""Arrays of .npz files."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from oddjet.prepare.arrays import RawArray
from oddjet.prepare.columns import Contents
from oddjet.prepare.readers.npy import read_header


@dataclass(frozen=True)
class NpzArray(RawArray):
    """An array of an .npz file."""

    fortran_order: bool

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        with zipfile.ZipFile(self.file) as archive, archive.open(self.key + ".npy") as member:
            read_header(member)
            if self.fortran_order:  # its rows do not lie together: it is read as a whole
                flat = np.frombuffer(member.read(self.events * self.row_bytes), self.dtype)
                whole = flat.reshape(self.shape, order="F")
                for first in range(start, self.events, rows):
                    yield whole[first : first + rows]
            else:
                member.seek(start * self.row_bytes, os.SEEK_CUR)
                for first in range(start, self.events, rows):
                    shape = (min(rows, self.events - first), *self.shape[1:])
                    flat = np.frombuffer(member.read(shape[0] * self.row_bytes), self.dtype)
                    yield flat.reshape(shape)
            member.read(1)  # at its end a member's checksum is compared


def contents(file: Path) -> Contents:
    """The arrays of a file."""
    found = Contents()
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    shape, fortran_order, dtype = read_header(member)
                key = name.removesuffix(".npy")
                found.arrays.append(NpzArray(file, key, shape, dtype, fortran_order))
    return found
