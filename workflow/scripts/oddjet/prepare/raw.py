"""Raw input: one array of a file, read piece by piece and never unpickled."""

import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import h5py
import hdf5plugin  # noqa: F401  # lets h5py read what other compressors than its own wrote
import numpy as np

from oddjet.common.errors import InputError

FILE = "an .npz, .npy, HDF5, Parquet or ROOT file with numbers"
# of the signatures that are commonly mistaken for these
SIGNATURES = {
    b"PK": "a truncated or damaged .npz file",
    b"\x93NUMPY": "a truncated or damaged .npy file",
    b"\x89HDF": "a truncated or damaged HDF5 file",
    b"PAR1": "a truncated or damaged Parquet file",
    b"root": "a truncated or damaged ROOT file",
}
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

    def beside(self, name: str) -> "RawArray":
        """Another array of the same file.

        Raises:
            InputError: there is none of that name.
        """
        return open_array(self.file, name)


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
class NpyArray(RawArray):
    """The array of an .npy file."""

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        array = np.lib.format.open_memmap(self.file, mode="r")
        for start in range(0, self.events, rows):
            yield np.array(array[start : start + rows])


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


def open_array(
    file: str | Path,
    key: str | None = None,
    columns: Sequence[str] = (),
    most: int | None = None,
) -> RawArray:
    """Open an array of a file.

    Only headers are read.

    Args:
        file: .npz, .npy, HDF5 (arrays, or tables that pandas wrote), Parquet or ROOT.
        key: name of the array, or of the table; may be left out where there is one.
        columns: of a table, as `tabular.TableArray` takes them.
        most: values of a list in such a column that are kept at most, as `tabular` pads them.

    Raises:
        InputError: no such file, none of these, truncated, no such key or column, or not numbers.
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
        tables, arrays = _contents(file)
    except PermissionError as error:
        raise InputError(
            file, "a file without read permission", FILE, f"chmod u+r {file}"
        ) from error
    except DAMAGE as error:
        raise InputError(
            file, _what_else(file), FILE, "write it with numpy.savez_compressed, or copy it again."
        ) from error
    there = [*(f"table {name}".strip() for name in tables)]
    there += [f"{name} {one.shape}" for name, one in arrays.items()]
    listing = ", ".join(there) or "no array"
    name = key
    if name is None and len(tables) + len(arrays) == 1:
        name = next(iter([*tables, *arrays]))
    if name in tables:
        found = tables[name].array(columns, most)
    elif name in arrays:
        found = arrays[name]
    else:
        raise InputError(
            file,
            listing if key is None else f"no array '{key}' but {listing}",
            "one array, or its name as `key`",
            "set `key` of this sample to one of the names found.",
        )
    if found.dtype.kind not in "fiub":
        raise InputError(
            file,
            f"array '{found.key}' of type {found.dtype}",
            "floating-point numbers or integers",
            "arrays of Python objects are never unpickled: save a plain one, "
            "np.savez_compressed(file, images=np.stack(images)).",
        )
    if not found.shape or found.events == 0:
        raise InputError(
            file,
            f"array '{found.key}' of shape {found.shape}",
            "at least one event",
            "check how it was written.",
        )
    return found


def _contents(file: Path) -> tuple[dict[str | None, Any], dict[str | None, RawArray]]:
    """The tables (`tabular.Table`) and the arrays of a file, by name."""
    with open(file, "rb") as stream:
        start = stream.read(6)
    if start == b"\x93NUMPY":
        return {}, {"array": _in_npy(file)}
    if start.startswith((b"PAR1", b"root")) or h5py.is_hdf5(file):
        from oddjet.prepare import tabular

        tables: dict[str | None, Any] = dict(tabular.tables_of(file, start).items())
        arrays = _in_hdf5(file, tables) if h5py.is_hdf5(file) else []
        return tables, {array.key: array for array in arrays}
    return {}, {array.key: array for array in _in_npz(file)}


def _in_npy(file: Path) -> NpyArray:
    with open(file, "rb") as stream:
        shape, _, dtype = _read_header(stream)
    if dtype.hasobject:  # refused by its type
        return NpyArray(file, "array", shape, dtype)
    np.lib.format.open_memmap(file, mode="r")  # as long as its header says?
    return NpyArray(file, "array", shape, dtype)


def _in_npz(file: Path) -> Iterator[RawArray]:
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as member:
                    shape, fortran_order, dtype = _read_header(member)
                yield NpzArray(file, name.removesuffix(".npy"), shape, dtype, fortran_order)


def _in_hdf5(file: Path, tables: Iterable[str | None]) -> Iterator[RawArray]:
    found: list[RawArray] = []

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        inside = any(name.startswith(f"{table}/") for table in tables)
        if isinstance(item, h5py.Dataset) and item.shape is not None and not inside:
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


def chosen_rows(
    raw: RawArray,
    where: Mapping[str, Any] | None = None,
    rows: Sequence[int] | None = None,
) -> np.ndarray:
    """The rows of an array that are asked for, ascending.

    Args:
        raw: N rows.
        where: by the name of an array or column of the same file, (N,), the value or the values
            that it has in them.
        rows: the first of those to choose from, and the one behind the last.

    Raises:
        InputError: no such array, one of another shape, or no row that fits.
    """
    start, stop = rows or (0, raw.events)
    chosen = np.zeros(raw.events, bool)
    chosen[start:stop] = True
    for name, values in (where or {}).items():
        beside = raw.beside(name)
        if beside.shape != (raw.events,):
            raise InputError(
                raw.file,
                f"'{name}' of shape {beside.shape}",
                f"({raw.events},), a number for each row of '{raw.key}'",
                "`where` takes names of arrays or columns that hold a number for each event.",
            )
        chosen &= np.isin(np.concatenate(list(beside.pieces())), values)
    if not chosen.any():
        asked = [f"{name} = {values}" for name, values in (where or {}).items()]
        asked += [f"rows {start} to {stop}"] if rows else []
        raise InputError(
            raw.file,
            f"none of {raw.events} rows with {' and '.join(asked)}",
            "at least one",
            "check `where` and `rows` of this sample.",
        )
    return np.flatnonzero(chosen)


def read_truth(
    raw: RawArray, events: int, anomalous: float | Sequence[float] | None = None
) -> np.ndarray:
    """Read truth labels, int8 (N,): 0 normal, 1 anomalous.

    Args:
        raw: the labels.
        events: how many there must be.
        anomalous: the values of anomalous events; all others are normal. Unless given, 1, and then
            no other value than 0 may be there.

    Raises:
        InputError: another length, another rank, or values other than those.
    """
    if raw.shape != (events,):
        raise InputError(
            raw.file,
            f"truth '{raw.key}' of shape {raw.shape}",
            f"({events},), one label per event of the test",
            "truth must belong to the same file as the images, in the same order.",
        )
    labels = np.concatenate(list(raw.pieces()))
    if anomalous is not None:
        labels = np.isin(labels, anomalous)
    strange = labels[(labels != 0) & (labels != 1)]
    if strange.size:
        raise InputError(
            raw.file,
            f"truth '{raw.key}' with the value {strange[0]}",
            "0 (normal) and 1 (anomalous) alone",
            "map the classes to 0 and 1, or name those of anomalous events as truth.anomalous.",
        )
    return labels.astype(np.int8)
