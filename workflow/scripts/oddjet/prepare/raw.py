"""Raw input: one array of a file, whatever its format, read piece by piece and never unpickled."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.formats import FORMATS, format_of
from oddjet.prepare.arrays import DAMAGE, RawArray
from oddjet.prepare.columns import Contents, TableArray

*_OTHERS, _LAST = (known.title for known in FORMATS.values())
FILE = f"an {', '.join(_OTHERS)} or {_LAST} file with numbers"


def open_array(
    file: str | Path,
    key: str | None = None,
    columns: Sequence[str] = (),
    most: int | None = None,
) -> RawArray:
    """Open an array of a file.

    Only headers are read.

    Args:
        file: of one of the formats of `planning.formats`.
        key: name of the array, or of the table; may be left out where there is one.
        columns: of a table, as `columns.TableArray` takes them.
        most: values of a list in such a column that are kept at most, as `columns` pads them.

    Raises:
        InputError: no such file, none of these, truncated, no such key or column, or not numbers.
    """
    file = Path(file)
    found = _named(file, _contents(file), key, columns, most)
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


def _contents(file: Path) -> Contents:
    """The tables and the arrays of a file, found by the reader of its format."""
    if not file.is_file():
        found = "a folder" if file.is_dir() else "no such file"
        raise InputError(file, found, FILE, "check `file` in the configuration.")
    known = None
    try:
        known = format_of(file)
        if known is None:
            raise ValueError("no known signature")
        contents: Contents = import_module(f"oddjet.prepare.readers.{known}").contents(file)
    except PermissionError as error:
        hint = f"chmod u+r {file}"
        raise InputError(file, "a file without read permission", FILE, hint) from error
    except DAMAGE as error:
        hint = "write it with numpy.savez_compressed, or copy it again."
        raise InputError(file, _what_else(file, known), FILE, hint) from error
    return contents


def _what_else(file: Path, known: str | None) -> str:
    """Say what a file that cannot be read seems to be."""
    if known is not None:
        return f"a truncated or damaged {FORMATS[known].title} file"
    with open(file, "rb") as stream:
        start = stream.read(8)
    return f"a file of another kind (it starts with {start!r})" if start else "an empty file"


def _named(
    file: Path, contents: Contents, key: str | None, columns: Sequence[str], most: int | None
) -> RawArray:
    """The array that is asked for, or the only one."""
    tables = {one.key: one for one in contents.tables}
    arrays = {one.key: one for one in contents.arrays}
    name = key
    if name is None and len(tables) + len(arrays) == 1:
        name = next(iter([*tables, *arrays]))
    if name in tables:
        return tables[name].array(columns, most)
    if name in arrays:
        return arrays[name]
    there = [*(f"table {name}".strip() for name in tables)]
    there += [f"{name} {one.shape}" for name, one in arrays.items()]
    listing = ", ".join(there) or "no array"
    raise InputError(
        file,
        listing if key is None else f"no array '{key}' but {listing}",
        "one array, or its name as `key`",
        "set `key` of this sample to one of the names found.",
    )


def beside(raw: RawArray, name: str) -> RawArray:
    """Another array of the same file, or another column of the same table.

    Raises:
        InputError: there is none of that name.
    """
    if isinstance(raw, TableArray):
        return raw.table.array([name], None)
    return open_array(raw.file, name)


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
        other = beside(raw, name)
        if other.shape != (raw.events,):
            raise InputError(
                raw.file,
                f"'{name}' of shape {other.shape}",
                f"({raw.events},), a number for each row of '{raw.key}'",
                "`where` takes names of arrays or columns that hold a number for each event.",
            )
        chosen &= np.isin(np.concatenate(list(other.pieces())), values)
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
