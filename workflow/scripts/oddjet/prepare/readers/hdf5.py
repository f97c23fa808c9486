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
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # lets h5py read what other compressors than its own wrote
import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.references import Reference, numbered, tried
from oddjet.prepare.arrays import DAMAGE, RawArray
from oddjet.prepare.columns import Contents, Table


@dataclass(frozen=True)
class Hdf5Array(RawArray):
    """A dataset of an HDF5 file."""

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        with h5py.File(self.file) as file:
            dataset = complete(file[self.key])
            for start in range(0, self.events, rows):
                yield dataset[start : start + rows]


@dataclass(frozen=True)
class PandasTable(Table):
    """A table that pandas wrote, in either of its formats.

    Attributes:
        blocks: the dataset (and the field of it, or "") and the position there, by column.
    """

    blocks: Mapping[str, tuple[str, str, int]]

    @classmethod
    def open(cls, file: Path, group: h5py.Group) -> "PandasTable":
        """Find the columns of the table in a group."""
        blocks: dict[str, tuple[str, str, int]] = {}
        if "table" in group:  # format="table"
            stored = group["table"]
            events = len(stored)
            for field in stored.dtype.names[1:]:  # the first is the index
                names = _strings(stored.attrs.get(f"{field}_kind", b"."))
                blocks |= {name: ("table", field, i) for i, name in enumerate(names)}
        else:  # format="fixed"
            events = len(group["axis1"])
            for dataset in group:
                if re.fullmatch(r"block\d+_values", dataset) and group[dataset].ndim == 2:
                    names = [n.decode() for n in group[dataset.replace("values", "items")][:]]
                    blocks |= {name: (dataset, "", i) for i, name in enumerate(names)}
        return cls(file, group.name.strip("/"), tuple(blocks), events, blocks)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        wanted = {self.blocks[column][:2] for column in columns}
        with h5py.File(self.file) as file:
            datasets = {name: complete(file[self.key][name]) for name, _ in wanted}
            for start in range(0, self.events, rows):
                read = {name: datasets[name][start : start + rows] for name, _ in wanted}
                found = {}
                for column in columns:
                    dataset, field, place = self.blocks[column]
                    values = read[dataset][field] if field else read[dataset]
                    found[column] = values[:, place] if values.ndim == 2 else values
                yield found


def complete(dataset: h5py.Dataset) -> h5py.Dataset:
    """A dataset, if it is whole: HDF5 reads zeros where a source of a virtual one is missing.

    Raises:
        InputError: a source, or what it is put together from itself, is missing or damaged.
    """
    virtual = Path(dataset.file.filename)
    for source in dataset.virtual_sources() if dataset.is_virtual else []:
        asked = Reference("source", source.file_name)
        # the name of the file itself is a dot
        paths = [virtual] if source.file_name == "." else tried(asked, virtual)
        there = [path for path in paths if os.access(path, os.R_OK)]
        if not there:
            raise _incomplete(dataset, f"the missing file {source.file_name}")
        for block, path in enumerate(there):
            name = numbered(source.dset_name, block)
            try:
                with h5py.File(path) as opened:
                    if name not in opened:
                        raise _incomplete(dataset, f"'{name}', missing in {path}")
                    complete(opened[name])
            except DAMAGE as error:
                raise _incomplete(dataset, f"{path}, which cannot be read ({error})") from error
    return dataset


def _incomplete(dataset: h5py.Dataset, source: str) -> InputError:
    return InputError(
        dataset.file.filename,
        f"virtual dataset '{dataset.name.strip('/')}' made from {source}",
        "all its sources: HDF5 reads zeros in the place of a missing one",
        "put the source where the dataset looks for it, or write the dataset anew.",
    )


def _strings(pickled: bytes) -> list[str]:
    """The texts in a pickled list, without running the pickle."""
    return [arg for _, arg, _ in pickletools.genops(bytes(pickled)) if isinstance(arg, str)]


def contents(file: Path) -> Contents:
    """The arrays of a file and the tables that pandas wrote; what makes up a table is no array."""
    tables: list[str] = []
    datasets: list[tuple[str, h5py.Dataset]] = []

    def look_at(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if "pandas_type" in item.attrs:
            tables.append(name)
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            datasets.append((name, item))

    with h5py.File(file) as opened:
        opened.visititems(look_at)
        return Contents(
            tables=[PandasTable.open(file, opened[name]) for name in tables],
            arrays=[
                Hdf5Array(file, name, dataset.shape, dataset.dtype)
                for name, dataset in datasets
                if not any(name.startswith(f"{table}/") for table in tables)
            ],
        )
