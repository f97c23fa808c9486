"""Tables as raw input: those that pandas wrote to HDF5, Parquet files, and ROOT trees.

pandas itself reads its HDF5 tables through PyTables, which unpickles the attributes of any file
that it opens. Here h5py reads them, and the names of the columns, which lie in a pickled list, are
taken from it without unpickling.
"""

import pickletools
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from oddjet.common.errors import InputError
from oddjet.prepare.raw import RawArray

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True)
class Table(ABC):
    """A table in a file."""

    file: Path
    key: str
    columns: tuple[str, ...]
    events: int

    @abstractmethod
    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        """Yield columns (n, ...), `rows` rows at a time; of lists `most` values, padded or cut."""

    def array(self, columns: Sequence[str], most: int | None) -> "TableArray":
        """Some columns as one array, as `TableArray` says.

        Raises:
            InputError: no such columns, or they do not fit together.
        """
        if not columns:
            raise self._unfit("no `column` named", "the name of one as `column`")
        names = [self._numbered(column) for column in columns]
        key = f"{self.key} {', '.join(columns)}".strip()
        made = TableArray(self.file, key, (0,), np.dtype(float), self, tuple(names), most)
        if self.events == 0:
            return made
        first = next(made.of_rows(1))
        return replace(made, shape=(self.events, *first.shape[1:]), dtype=first.dtype)

    def _numbered(self, column: str) -> tuple[str, ...]:
        """The column of this name, or those of it with numbers: NAME_0, NAME_1, ..."""
        if column in self.columns:
            return (column,)
        numbers = [re.fullmatch(re.escape(column) + r"_(\d+)", name) for name in self.columns]
        found = sorted(int(match[1]) for match in numbers if match)
        if not found or found != list(range(len(found))):
            raise self._unfit(
                f"no column {column}", f"a column {column}, or {column}_0, {column}_1, ..."
            )
        return tuple(f"{column}_{number}" for number in found)

    def _unfit(self, found: str, expected: str) -> InputError:
        shown = ", ".join(self.columns[:12]) + (", ..." if len(self.columns) > 12 else "")
        return InputError(
            self.file,
            f"{found} in the table {self.key} of columns {shown}".replace("  ", " "),
            expected,
            "images.columns names those of images and constituents, `column` that of a truth.",
        )


@dataclass(frozen=True)
class TableArray(RawArray):
    """Columns of a table as one array.

    Each is a column of numbers, of lists (padded with zeros, or cut), or several with numbers
    behind their name, one for each constituent. One alone is the array; several become its last
    axis.
    """

    table: Table
    names: tuple[tuple[str, ...], ...]
    most: int | None

    def _pieces(self, rows: int) -> Iterator[np.ndarray]:
        return self.of_rows(rows)

    def of_rows(self, rows: int) -> Iterator[np.ndarray]:
        """Yield `rows` rows at a time.

        Raises:
            InputError: columns of different shapes.
        """
        wanted = [name for several in self.names for name in several]
        for piece in self.table.pieces(wanted, rows, self.most):
            parts = [
                piece[several[0]]
                if len(several) == 1
                else np.stack([piece[name] for name in several], axis=1)[:, : self.most]
                for several in self.names
            ]
            if len({part.shape for part in parts}) > 1:
                shapes = ", ".join(str(part.shape[1:]) for part in parts)
                raise InputError(
                    self.file,
                    f"columns {self.key} of shapes {shapes}",
                    "the same for all",
                    "each column of images.columns has a value for each constituent.",
                )
            yield parts[0] if len(parts) == 1 else np.stack(parts, axis=-1)

    def beside(self, name: str) -> RawArray:
        return self.table.array([name], None)


def tables_of(file: Path, start: bytes) -> dict[str, Table]:
    """The tables of a file that begins with `start`, by name; that of a Parquet file has none.

    Raises:
        InputError: a ROOT file, and uproot is not installed.
    """
    if start.startswith(b"PAR1"):
        return {"": ParquetTable.open(file)}
    if start.startswith(b"root"):
        return {tree.key: tree for tree in RootTree.all_of(file)}
    with h5py.File(file) as content:
        names: list[str] = []
        content.visititems(
            lambda name, item: names.append(name) if "pandas_type" in item.attrs else None
        )
        return {name: PandasTable.open(file, content[name]) for name in names}


# pandas in HDF5


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
            group = file[self.key]
            for start in range(0, self.events, rows):
                read = {name: group[name][start : start + rows] for name, _ in wanted}
                found = {}
                for column in columns:
                    dataset, field, place = self.blocks[column]
                    values = read[dataset][field] if field else read[dataset]
                    found[column] = values[:, place] if values.ndim == 2 else values
                yield found


def _strings(pickled: bytes) -> list[str]:
    """The texts in a pickled list, without running the pickle."""
    return [arg for _, arg, _ in pickletools.genops(bytes(pickled)) if isinstance(arg, str)]


# Arrow: Parquet, and ROOT through awkward


@dataclass(frozen=True)
class ParquetTable(Table):
    """The table of a Parquet file."""

    @classmethod
    def open(cls, file: Path) -> "ParquetTable":
        from pyarrow.parquet import ParquetFile

        with ParquetFile(file) as content:
            return cls(file, "", tuple(content.schema_arrow.names), content.metadata.num_rows)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        from pyarrow.parquet import ParquetFile

        with ParquetFile(self.file) as content:
            for batch in content.iter_batches(rows, columns=list(columns)):
                yield {
                    name: rectangular(self.file, name, batch.column(name), most) for name in columns
                }


@dataclass(frozen=True)
class RootTree(Table):
    """A tree, or another table, of a ROOT file."""

    @classmethod
    def all_of(cls, file: Path) -> Iterator["RootTree"]:
        """The trees of a file, each in its last cycle."""
        uproot = _uproot(file)
        with uproot.open(file) as content:
            kinds = content.classnames(cycle=False)
            for key in (key for key, kind in kinds.items() if kind in ("TTree", "ROOT::RNTuple")):
                tree = content[key]
                yield cls(file, key, tuple(tree.keys(recursive=False)), tree.num_entries)

    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None
    ) -> Iterator[Mapping[str, np.ndarray]]:
        import awkward

        with _uproot(self.file).open(self.file) as content:
            for batch in content[self.key].iterate(list(columns), step_size=rows, library="ak"):
                yield {
                    name: rectangular(
                        self.file,
                        name,
                        awkward.to_arrow(batch[name], extensionarray=False),
                        most,
                    )
                    for name in columns
                }


def _uproot(file: Path) -> Any:
    try:
        import uproot
    except ImportError as error:
        raise InputError(
            file,
            "a ROOT file, and uproot is not installed",
            "uproot and awkward, to read it",
            "pip install -r requirements-root.txt",
        ) from error
    return uproot


def rectangular(
    file: str | Path, name: str, values: "pyarrow.Array", most: int | None
) -> np.ndarray:
    """An Arrow column of numbers, or of lists of any depth, as an array (n, ...).

    Lists are padded with zeros, or cut, to `most` values each; without `most`, and further inside,
    all must be of one length.

    Raises:
        InputError: missing values, or lists of different lengths.
    """
    import pyarrow
    import pyarrow.compute

    if values.null_count:
        raise InputError(
            file,
            f"{values.null_count} missing values in column '{name}'",
            "a number or a list in each row",
            "drop these rows, or fill them.",
        )
    if not hasattr(values, "flatten") or pyarrow.types.is_struct(values.type):
        return values.to_numpy(zero_copy_only=False)
    lengths = pyarrow.compute.list_value_length(values).to_numpy(zero_copy_only=False)
    inside = rectangular(file, name, values.flatten(), None)
    if most is None:
        if len(set(lengths.tolist())) > 1:
            raise InputError(
                file,
                f"lists of {lengths.min()} to {lengths.max()} values in column '{name}'",
                "lists of one length",
                "lists of any length are read as constituents: images.layout: constituents.",
            )
        return inside.reshape(len(lengths), -1, *inside.shape[1:])
    padded = np.zeros((len(lengths), most, *inside.shape[1:]), inside.dtype)
    row = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = place < most
    padded[row[kept], place[kept]] = inside[kept]
    return padded
