"""Arrays of HDF5 files, and the tables that pandas wrote to them.

pandas itself reads its HDF5 tables through PyTables, which unpickles the attributes of any file
that it opens. Here h5py reads them, and the names of the columns, which lie in a pickled list, are
taken from it without unpickling.
"""

import os
import pickletools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import inf
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  # lets h5py read what other compressors than its own wrote
import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.references import is_row, numbered, places
from oddjet.prepare.arrays import RawArray, in_short
from oddjet.prepare.columns import Contents, Table

TEXT = np.dtype(str)
# of a pickle that holds a list of names
CONSTANTS = {
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT"),
}
MARK = object()
GAP = 100  # how many sources of a row may be missing before one that is there


@dataclass(frozen=True)
class Hdf5Array(RawArray):
    """A dataset of an HDF5 file, which lies at `path`; its data may lie in others."""

    path: str
    elsewhere: bool

    @classmethod
    def open(cls, file: Path, key: str, dataset: h5py.Dataset, path: str) -> "Hdf5Array":
        """A dataset that is called `key`."""
        is_text = h5py.check_string_dtype(dataset.dtype) is not None
        elsewhere = bool(dataset.is_virtual or dataset.external)
        dtype = TEXT if is_text else dataset.dtype
        return cls(file, key, dataset.shape, dtype, path, elsewhere)

    @property
    def most_bytes(self) -> float:
        return inf if self.elsewhere else super().most_bytes

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        with h5py.File(self.file) as file:
            dataset = complete(file[self.path])
            values = dataset.asstr("utf-8", "replace") if self.dtype == TEXT else dataset
            for first in range(start, self.events, rows):
                yield values[first : first + rows]


@dataclass(frozen=True)
class PandasTable(Table):
    """A table that pandas wrote, in either of its formats.

    Columns of several levels are called by their names in all of them, `E_0` of (E, 0).

    Attributes:
        blocks: the dataset (and the field of it, or "") and the position there, by column.
    """

    blocks: Mapping[str, tuple[str, str, int]]

    @classmethod
    def open(cls, file: Path, key: str, group: h5py.Group) -> "PandasTable":
        """Find the columns of the table in a group."""
        blocks: dict[str, tuple[str, str, int]] = {}
        events = 0
        if "table" in group:  # format="table"
            stored = group["table"]
            events = len(stored)
            for field in stored.dtype.names[1:]:  # the first is the index
                names = _pickled_names(bytes(stored.attrs.get(f"{field}_kind", b".")))
                blocks |= {name: ("table", field, i) for i, name in enumerate(names)}
        else:  # format="fixed"
            for dataset in group:
                if re.fullmatch(r"block\d+_values", dataset) and group[dataset].ndim == 2:
                    events = len(group[dataset])
                    names = _labels(group, dataset.replace("values", "items"))
                    blocks |= {name: (dataset, "", i) for i, name in enumerate(names)}
        return cls(file, key, tuple(blocks), events, blocks)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None, start: int
    ) -> Iterator[Mapping[str, np.ndarray]]:
        wanted = {self.blocks[column][:2] for column in columns}
        with h5py.File(self.file) as file:
            datasets = {name: complete(file[self.key][name]) for name, _ in wanted}
            for first in range(start, self.events, rows):
                read = {name: datasets[name][first : first + rows] for name, _ in wanted}
                found = {}
                for column in columns:
                    dataset, field, place = self.blocks[column]
                    values = read[dataset][field] if field else read[dataset]
                    found[column] = values[:, place] if values.ndim == 2 else values
                yield found


def complete(dataset: h5py.Dataset) -> h5py.Dataset:
    """A dataset, if it is whole: HDF5 reads zeros where a source of a virtual one is missing.

    A name with %b stands for a row of sources, which for HDF5 ends where the first is missing.

    Raises:
        InputError: a source, or what it is put together from itself, is missing or damaged.
    """
    for source in dataset.virtual_sources() if dataset.is_virtual else []:
        of_files, of_datasets = is_row(source.file_name), is_row(source.dset_name)
        first = _missing(dataset, source, 0)
        if first is None and (of_files or of_datasets):
            blocks = ((block, _missing(dataset, source, block)) for block in count(1))
            end, what = next((block, what) for block, what in blocks if what)
            more = (_missing(dataset, source, block) for block in range(end + 1, end + GAP))
            if (of_files and "file" not in what) or None in more:
                first = what
        if first:
            raise _incomplete(dataset, first)
    return dataset


def _missing(dataset: h5py.Dataset, source: Any, block: int) -> str | None:
    """What of a block of a source is missing, if anything is.

    Raises:
        InputError: it is damaged.
    """
    virtual = Path(dataset.file.filename)
    file, name = (numbered(text, block) for text in (source.file_name, source.dset_name))
    # the name of the virtual dataset's own file is a dot
    paths = [virtual] if file == "." else places("source", file, virtual)
    path = next((path for path in paths if os.access(path, os.R_OK)), None)
    if path is None:
        return f"the missing file {file}"
    try:
        with h5py.File(path) as opened:
            if name not in opened:
                return f"'{name}', missing in {path}"
            complete(opened[name])
    except InputError:
        raise
    except Exception as error:  # whatever a damaged file brings about
        raise _incomplete(dataset, f"{path}, which cannot be read ({in_short(error)})") from error
    return None


def _incomplete(dataset: h5py.Dataset, source: str) -> InputError:
    return InputError(
        dataset.file.filename,
        f"virtual dataset '{dataset.name.strip('/')}' made from {source}",
        "all its sources: HDF5 reads zeros in the place of a missing one, or nothing behind it",
        "put the source where the dataset looks for it, or write the dataset anew.",
    )


def _labels(group: h5py.Group, name: str) -> list[str]:
    """The labels of an index of pandas, those of several levels joined."""
    if name in group:
        return [_name(label) for label in group[name][:]]
    levels = []
    for level in range(sum(part.startswith(f"{name}_level") for part in group)):
        labels = group[f"{name}_level{level}"][:]
        levels.append([labels[place] for place in group[f"{name}_label{level}"][:]])
    return [_name(several) for several in zip(*levels, strict=True)]


def _name(label: Any) -> str:
    """The name of a column, which may be a number, or several."""
    if isinstance(label, tuple | list):
        return "_".join(map(_name, label))
    return label.decode() if isinstance(label, bytes) else str(label)


def _pickled_names(pickled: bytes) -> list[str]:
    """The names in a pickled list of texts, numbers, or tuples of them, without running the pickle.

    None for a pickle that holds anything else.
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    try:
        for opcode, arg, _ in pickletools.genops(pickled):
            match opcode.name:
                case name if name in CONSTANTS:
                    stack.append(arg)
                case "MARK":
                    stack.append(MARK)
                case "EMPTY_LIST":
                    stack.append([])
                case "LIST" | "TUPLE":
                    stack.append(_since_mark(stack))
                case "TUPLE1" | "TUPLE2" | "TUPLE3" as name:
                    stack[-int(name[-1]) :] = [stack[-int(name[-1]) :]]
                case "APPEND":
                    item = stack.pop()
                    stack[-1].append(item)
                case "APPENDS":
                    items = _since_mark(stack)
                    stack[-1].extend(items)
                case "PUT" | "BINPUT" | "LONG_BINPUT":
                    memo[arg] = stack[-1]
                case "MEMOIZE":
                    memo[len(memo)] = stack[-1]
                case "GET" | "BINGET" | "LONG_BINGET":
                    stack.append(memo[arg])
                case "PROTO" | "FRAME" | "STOP":
                    pass
                case _:
                    stack.append(None)
        return [] if None in stack[-1] else [_name(label) for label in stack[-1]]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def _since_mark(stack: list[Any]) -> list[Any]:
    """Take what lies above the last mark, and the mark, from a stack."""
    start = len(stack) - stack[::-1].index(MARK)
    items = stack[start:]
    del stack[start - 1 :]
    return items


def contents(file: Path) -> Contents:
    """The arrays of a file and the tables that pandas wrote; what makes up a table is no array.

    Links are followed. What has several names is listed by one of them, and found by all.
    """
    found = Contents()
    known: dict[tuple[int, int], str] = {}

    def look_into(group: h5py.Group, prefix: str) -> None:
        links = {name: group.get(name, getlink=True) for name in group}
        # what lies here before what is linked, so that it is listed by its own name
        for name in sorted(links, key=lambda name: not isinstance(links[name], h5py.HardLink)):
            try:
                look_at(prefix + name, group[name])
            except (KeyError, OSError):
                file_name, path = (getattr(links[name], p, "") for p in ("filename", "path"))
                found.broken[prefix + name] = f"{file_name} {path}".strip()

    def look_at(key: str, item: h5py.Group | h5py.Dataset) -> None:
        information = h5py.h5o.get_info(item.id)
        identity = (information.fileno, information.addr)
        if identity in known:
            found.aliases[key] = known[identity]
            return
        known[identity] = key
        kind = item.attrs.get("pandas_type", b"")
        if kind == b"series" and "values" in item:
            found.arrays.append(Hdf5Array.open(file, key, item["values"], f"{key}/values"))
        elif kind:
            found.tables.append(PandasTable.open(file, key, item))
        elif isinstance(item, h5py.Group):
            look_into(item, f"{key}/")
        elif isinstance(item, h5py.Dataset) and item.shape is not None:
            found.arrays.append(Hdf5Array.open(file, key, item, key))

    with h5py.File(file) as opened:
        known[(h5py.h5o.get_info(opened.id).fileno, h5py.h5o.get_info(opened.id).addr)] = ""
        look_into(opened, "")
    return found
