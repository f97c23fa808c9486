"""Columns of a table as an array, whatever the file format."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from oddjet.common.errors import InputError
from oddjet.prepare.arrays import RawArray, readable

if TYPE_CHECKING:
    import pyarrow


FIRST = 1000  # rows in which lists that are not empty are looked for


@dataclass(frozen=True)
class Table(ABC):
    """A table in a file."""

    file: Path
    key: str
    columns: tuple[str, ...]
    events: int

    @abstractmethod
    def pieces(
        self, columns: Sequence[str], rows: int, most: int | None, start: int
    ) -> Iterator[Mapping[str, np.ndarray]]:
        """Yield columns (n, ...), `rows` rows at a time, from `start` on.

        Of lists `most` values, padded or cut.
        """

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
        with readable(
            self.file,
            f"damaged columns {key}",
            f"{self.events} rows",
            "copy or download the file again and compare its size with the original's.",
        ):
            first = next(made.of_rows(1, 0))
            if not first.size:  # a list that is empty says nothing of those inside the others
                first = next(made.of_rows(FIRST, 0))
        return replace(made, shape=(self.events, *first.shape[1:]), dtype=first.dtype)

    @property
    def is_numbered(self) -> bool:
        """Whether all columns are called by numbers alone: `array([""], None)` takes them all."""
        return bool(self.columns) and all(name.isdecimal() for name in self.columns)

    def _numbered(self, column: str) -> tuple[str, ...]:
        """The column of this name, or those of it with numbers: NAME_0 (or NAME_1) and so on."""
        if column in self.columns:
            return (column,)
        name = f"{column}_" if column else ""
        matches = [re.fullmatch(re.escape(name) + r"(\d+)", one) for one in self.columns]
        found = sorted((int(match[1]), match[0]) for match in matches if match)
        numbers = [number for number, _ in found]
        if not found or numbers[0] > 1 or numbers != list(range(numbers[0], numbers[-1] + 1)):
            raise self._unfit(
                f"no column {column}", f"a column {column}, or {column}_0, {column}_1, ..."
            )
        return tuple(name for _, name in found)

    def _unfit(self, found: str, expected: str) -> InputError:
        shown = ", ".join(self.columns[:12]) + (", ..." if len(self.columns) > 12 else "")
        shown = shown or "that cannot be read without unpickling"
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

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        for piece in self.of_rows(rows, start):
            if piece.shape[1:] != self.shape[1:]:
                raise jagged(self.file, self.key, f"{piece.shape[1:]} and {self.shape[1:]} values")
            yield piece

    def of_rows(self, rows: int, start: int) -> Iterator[np.ndarray]:
        """Yield `rows` rows at a time, from `start` on.

        Raises:
            InputError: columns of different shapes.
        """
        wanted = [name for several in self.names for name in several]
        for piece in self.table.pieces(wanted, rows, self.most, start):
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


@dataclass(frozen=True)
class Contents:
    """The tables and the arrays of a file, as a reader finds them.

    Attributes:
        aliases: other names, of groups as well, and what they are names of.
        broken: names that lead nowhere, and where to.
    """

    tables: list[Table] = field(default_factory=list)
    arrays: list[RawArray] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def resolved(self, name: str) -> str:
        """The name by which the tables or arrays hold what is called `name`."""
        name = name.strip("/")
        head, tail = name, ""
        while head not in self.aliases and "/" in head:
            head, _, last = head.rpartition("/")
            tail = f"/{last}{tail}"
        return f"{self.aliases[head]}{tail}".strip("/") if head in self.aliases else name


def jagged(file: str | Path, name: str, found: str) -> InputError:
    """What to say of lists of different lengths where an array needs one."""
    return InputError(
        file,
        f"lists of {found} in '{name}'",
        "lists of one length",
        "lists of any length are read as constituents, one list of numbers for each event: "
        "images.layout: constituents, and images.coordinates the columns of each coordinate; "
        "of images all have to be of one size.",
    )


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
    if pyarrow.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pyarrow.types.is_string(values.type) or pyarrow.types.is_large_string(values.type):
        # as bytes: it may be in another encoding than Arrow's
        texts = values.cast(pyarrow.large_binary()).to_pylist()
        return np.array([text.decode(errors="replace") for text in texts], str)
    if pyarrow.types.is_struct(values.type):
        parts = ", ".join(part.name for part in values.type)
        raise InputError(
            file,
            f"records of {parts} in column '{name}'",
            "numbers, or lists of numbers",
            "write each of them as a column of its own: four-vectors as lists E, px, py, pz.",
        )
    if not hasattr(values, "flatten"):
        return values.to_numpy(zero_copy_only=False)
    lengths = pyarrow.compute.list_value_length(values).to_numpy(zero_copy_only=False)
    inside = rectangular(file, name, values.flatten(), None)
    if most is None:
        if len(set(lengths.tolist())) > 1:
            raise jagged(file, name, f"{lengths.min()} to {lengths.max()} values")
        each = int(lengths[0]) if len(lengths) else 0
        return inside.reshape(len(lengths), each, *inside.shape[1:])
    padded = np.zeros((len(lengths), most, *inside.shape[1:]), inside.dtype)
    row = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = place < most
    padded[row[kept], place[kept]] = inside[kept]
    return padded
