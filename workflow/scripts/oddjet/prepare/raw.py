"""Raw input: one array of a file, whatever its format, read piece by piece and never unpickled."""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.formats import FORMATS, format_of
from oddjet.prepare.arrays import (
    MOST_ROW,
    ColumnArray,
    GroupedArray,
    JoinedArray,
    PaddedArray,
    RawArray,
    StackedArray,
    in_short,
)
from oddjet.prepare.columns import Contents, TableArray

Files = str | Path | Sequence[str | Path]
Read = Sequence[Sequence[str | None] | None]  # what is in each of some raw files

*_OTHERS, _LAST = (known.title for known in FORMATS.values())
FILE = f"an {', '.join(_OTHERS)} or {_LAST} file with numbers"
HINTS = {  # by how a file begins, what to do with one of another kind
    b"\x1f\x8b": "unpack it with gunzip, and tar -x where it is a .tar.gz.",
    b"version https://git-lfs": "it is a pointer of Git LFS: fetch the file by git lfs pull.",
    b"<!DOCTYPE": "it is a web page, of a download that failed: download the file again.",
    b"<html": "it is a web page, of a download that failed: download the file again.",
}


def open_array(
    files: Files,
    key: str | None = None,
    columns: Sequence[str] = (),
    most: int | None = None,
    text: bool = False,
) -> RawArray:
    """Open an array of a file, or of several files, whose rows follow each other.

    Only headers are read.

    Args:
        files: of any of the formats of `planning.formats`.
        key: name of the array, or of the table; may be left out where there is one.
        columns: of a table, as `columns.TableArray` takes them.
        most: values of a list in such a column that are kept at most, as `columns` pads them, and
            of the second axis of arrays that differ there.
        text: whether it may hold text.

    Raises:
        InputError: no such file, none of these, truncated, no such key or column, or not numbers;
            arrays that do not belong together.
    """

    def of_file(file: Path) -> RawArray:
        return _usable(_named(file, _contents(file), key, columns, most), text)

    return _joined(files, key, of_file, most)


def open_columns(files: Files, key: str | None, columns: Sequence[str], most: int) -> RawArray:
    """Open columns of a table, or arrays of a file, as the last axis of one array.

    Args:
        files: as `open_array` takes them.
        key: name of the table, or of the group that the arrays lie in; may be left out where there
            is one.
        columns: their names.
        most: as `open_array` takes it.

    Raises:
        InputError: as of `open_array`; arrays of different shapes.
    """

    def of_file(file: Path) -> RawArray:
        found = _contents(file)
        if found.tables:
            return _usable(_named(file, found, key, columns, most), text=False)
        names = [f"{key}/{column}" if key else column for column in columns]
        parts = [_usable(_named(file, found, name, (), None), text=False) for name in names]
        return StackedArray.of(parts)

    return _joined(files, key, of_file, most)


def open_particles(
    files: Files, key: str | None, columns: Sequence[str], each: int, most: int
) -> RawArray:
    """Open the particles of events, (N, k, coordinates).

    An array (N, m), and a table whose columns are called by numbers alone, have `each` coordinates
    of one particle behind those of the other; what is left behind the last whole one belongs to
    none.

    Args:
        files, key, columns, most: as `open_array` takes them.
        each: how many coordinates a particle has.

    Raises:
        InputError: as of `open_array`.
    """

    def of_file(file: Path) -> RawArray:
        found = _contents(file)
        by_number = [table.key for table in found.tables if table.is_numbered]
        name = by_number[0] if key is None and len(by_number) == 1 else key
        if name is not None and found.resolved(name) in by_number:
            return GroupedArray.of(_usable(_named(file, found, name, [""], None), False), each)
        return GroupedArray.of(_usable(_named(file, found, key, columns, most), False), each)

    return _joined(files, key, of_file, most)


def open_column(files: Files, key: str | None = None, column: str | int | None = None) -> RawArray:
    """Open an array (N,) of numbers or texts, such as labels.

    Args:
        files, key: as `open_array` takes them.
        column: of a table its name; of an array (N, m) its position, from behind where negative.

    Raises:
        InputError: as of `open_array`; no such position, or a name where there is no table.
    """
    if isinstance(column, int):
        return _column(open_array(files, key), column)
    found = open_array(files, key, [] if column is None else [column], text=True)
    for part in found.parts if isinstance(found, JoinedArray) else [found]:
        if column is not None and not isinstance(part, TableArray):
            raise InputError(
                part.file,
                f"array '{part.key}' of shape {part.shape}, whose columns have no names",
                f"a table with a column {column}",
                f"an array of its own is named as key: {column}; of an array (N, m) a column is "
                "named by its position, column: -1.",
            )
    return found


def _joined(
    files: Files, key: str | None, of_file: Callable[[Path], RawArray], most: int | None
) -> RawArray:
    """The arrays of files, one behind the other; constituents are as many in each, or `most`.

    Raises:
        InputError: they do not belong together.
    """
    several = [files] if isinstance(files, str | Path) else files
    parts = [of_file(Path(file)) for file in several]
    first_of: dict[str | None, RawArray] = {}  # by format: they name things in ways of their own
    for part in parts if key is None else []:
        first = first_of.setdefault(format_of(part.file), part)
        if part.key != first.key:
            raise InputError(
                part.file,
                f"'{part.key}' alone",
                f"'{first.key}' as in {first.file}",
                "the files of a sample hold an array of one name; name those of another apart.",
            )
    lengths = {part.shape[1:2] for part in parts}
    if most is not None and len(lengths) > 1 and () not in lengths:
        longest = min(most, max(max(lengths)))
        parts = [PaddedArray.of(part, longest) for part in parts]
    return JoinedArray.of(parts)


def _column(found: RawArray, column: int) -> RawArray:
    many = found.shape[1] if len(found.shape) == 2 else 0
    if not -many <= column < many:
        raise InputError(
            found.file,
            f"array '{found.key}' of shape {found.shape}",
            f"(events, columns) with a column {column} (the first is 0, the last -1)",
            "check `key` and `column` of the truth, or the number in `where`.",
        )
    key = f"{found.key}[{column}]"
    return ColumnArray(found.file, key, found.shape[:1], found.dtype, found, column)


# what to do with an array that holds something else, by the kind of its type
OTHER_KINDS = {
    "c": "take the real part or the modulus: np.abs(images).",
    "V": "it has named fields: stack them, "
    "np.stack([array[name] for name in array.dtype.names], axis=-1).",
    "SU": "these are texts: name an array of numbers, or convert them, array.astype(float).",
    "Mm": "these are times: name the array of images.",
    "O": "arrays of Python objects are never unpickled, and lists of different lengths are no "
    "array: pad them with zeros and save a plain one, "
    "np.savez_compressed(file, images=np.stack(images)).",
}


def _usable(found: RawArray, text: bool) -> RawArray:
    kind = found.dtype.kind
    if kind not in "fiub" and not (text and kind in "SU"):
        hints = [hint for kinds, hint in OTHER_KINDS.items() if kind in kinds]
        raise InputError(
            found.file,
            f"array '{found.key}' of type {'text' if kind in 'SU' else found.dtype}",
            "floating-point numbers or integers" + (", or text" if text else ""),
            *hints,
        )
    if not found.shape or found.events < 1 or min(found.shape) < 0:
        raise InputError(
            found.file,
            f"array '{found.key}' of shape {found.shape}",
            "at least one event",
            "check how it was written.",
        )
    if found.row_bytes > MOST_ROW or found.row_bytes * found.events > found.most_bytes:
        raise InputError(
            found.file,
            f"array '{found.key}' of shape {found.shape}, which is more than its file can hold",
            f"at most {MOST_ROW // 2**20} MiB a jet, and as many jets as were written",
            "write the array anew: the shape that its header tells is damaged, or never filled.",
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
    except InputError:  # it says what is wrong, and what to do
        raise
    except PermissionError as error:
        hint = f"chmod u+r {file}"
        raise InputError(file, "a file without read permission", FILE, hint) from error
    except Exception as error:  # whatever a damaged file brings about
        found = _what_else(file, known) + (f" ({in_short(error)})" if known else "")
        with open(file, "rb") as stream:
            start = stream.read(max(map(len, HINTS)))
        others = (hint for signature, hint in HINTS.items() if start.startswith(signature))
        hint = next(others, "write it with numpy.savez_compressed, or copy it again.")
        raise InputError(file, found, FILE, hint) from error
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
    name = key if key is None else contents.resolved(key)
    if name is None and len(tables) + len(arrays) == 1:
        name = next(iter([*tables, *arrays]))
    if name in tables:
        return tables[name].array(columns, most)
    if name in arrays:
        return arrays[name]
    there = [*(f"table {name}".strip() for name in tables)]
    there += [f"{name} {one.shape}" for name, one in arrays.items()]
    there += [f"{name}, a link to missing {where}" for name, where in contents.broken.items()]
    listing = ", ".join(there) or "no array"
    if key is None:
        hint = "set `key` of this sample to one of the names found."
        if not there:
            hint = "write it with numpy.savez_compressed."
        raise InputError(file, listing, "one array, or its name as `key`", hint)
    if "" in tables:
        raise InputError(
            file, "a table, which has no name in this format", "no `key`", f"leave out {key!r}."
        )
    raise InputError(
        file,
        f"no array '{key}' but {listing}",
        "the name of one, as `key` or in `where` or `weight`",
        f"put one of the names found where the configuration says '{key}'.",
    )


def beside(raw: RawArray, name: str) -> RawArray:
    """Another array of the same file, or another column of the same table, which may be of text.

    `name[2]` is a column of an array of two axes, and `name[-1]` its last.

    Raises:
        InputError: there is none of that name.
    """
    if isinstance(raw, JoinedArray):
        return JoinedArray.of([beside(part, name) for part in raw.parts])
    if isinstance(raw, PaddedArray | GroupedArray):
        return beside(raw.whole, name)
    numbered = re.fullmatch(r"(.+)\[(-?\d+)\]", name)
    if isinstance(raw, TableArray) and (name in raw.table.columns or not numbered):
        return _usable(raw.table.array([name], None), text=True)
    if numbered:
        return _column(beside(raw, numbered[1]), int(numbered[2]))
    return open_array(raw.file, name, text=True)


def _within(raw: RawArray, found: np.ndarray, limits: Mapping[str, float], key: str) -> np.ndarray:
    """Mark values (N,) that are `at_least` the one limit and `below` the other, of those given.

    Raises:
        InputError: they are texts.
    """
    if found.dtype.kind not in "fiub":
        raise InputError(
            raw.file,
            f"{key}: {dict(limits)}, and in '{raw.key}' texts such as {_text(found[0])}",
            "numbers, to compare them",
            f"name the texts that are wanted: {key}: [...].",
        )
    chosen = np.ones(len(found), bool)
    if "at_least" in limits:
        chosen &= found >= limits["at_least"]
    if "below" in limits:
        chosen &= found < limits["below"]
    return chosen


def _among(raw: RawArray, found: np.ndarray, wanted: Any, key: str) -> np.ndarray:
    """Mark values (N,) that are one of those that a key of the configuration wants.

    Raises:
        InputError: text is wanted of numbers, or the other way round.
    """
    values = wanted if isinstance(wanted, list | tuple) else [wanted]
    if found.dtype.kind in "fiub":
        unlike = [value for value in values if isinstance(value, str)]
        kind, hint = "a number", f"write {key} as a number, without quotes."
    else:
        found = np.array([_text(value) for value in found], str)
        unlike = [value for value in values if not isinstance(value, str)]
        kind, hint = "text", f"quote it, since YAML reads it as another thing: {key}: '...'."
    if unlike:
        raise InputError(
            raw.file,
            f"{key}: {unlike[0]!r}, and in '{raw.key}' values such as {found[0]!s}",
            f"{kind} as in the file",
            hint,
        )
    # 0.1 is another number in single precision
    return np.isin(found, np.array(values, found.dtype) if found.dtype.kind == "f" else values)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def chosen_rows(
    raw: RawArray,
    where: Mapping[str, Any] | None = None,
    rows: Sequence[int] | None = None,
    some: bool = True,
) -> np.ndarray:
    """The rows of an array that are asked for, ascending.

    Args:
        raw: N rows.
        where: by the name of an array or column of the same file, (N,), the value or the values
            that it has in them, numbers or texts, or the limits that it keeps: `at_least`, `below`.
        rows: the first of those to choose from, and the one behind the last.
        some: whether there has to be one.

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
                f"({raw.events},), a value for each row of '{raw.key}'",
                "`where` takes names of arrays or columns that hold a value for each event; "
                "'name[2]' is a column of an array.",
            )
        found = np.concatenate(list(other.pieces()))
        fits = _within if isinstance(values, Mapping) else _among
        chosen &= fits(other, found, values, f"where.{name}")
    if some and not chosen.any():
        asked = [f"{name} = {values}" for name, values in (where or {}).items()]
        asked += [f"rows {start} to {stop}"] if rows else []
        raise InputError(
            raw.file,
            f"none of {raw.events} rows with {' and '.join(asked)}",
            "at least one",
            "check `where` and `rows` of this sample.",
        )
    return np.flatnonzero(chosen)


def read_truth(raw: RawArray, events: int, anomalous: Any = None) -> np.ndarray:
    """Read truth labels, int8 (N,): 0 normal, 1 anomalous.

    Args:
        raw: the labels.
        events: how many there must be.
        anomalous: the value or values of anomalous events, numbers or texts; all others are normal.
            Unless given, 1, and then no other value than 0 may be there.

    Raises:
        InputError: another length, another rank, nan, values that are not there, or others than
            those.
    """
    if raw.shape != (events,):
        raise InputError(
            raw.file,
            f"truth '{raw.key}' of shape {raw.shape}",
            f"({events},), one label per event of the test",
            "truth must belong to the same file as the images, in the same order; of an array "
            "(events, columns) name the column: {key: jets, column: -1}.",
        )
    labels = np.concatenate(list(raw.pieces()))
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise InputError(
            raw.file,
            f"truth '{raw.key}' with the value nan, in {np.isnan(labels).sum()} rows",
            "a label for each jet",
            "label these jets, or leave them out of the file.",
        )
    if anomalous is None and raw.dtype.kind in "SU":
        anomalous = 1  # which is refused, with what to do
    if anomalous is not None:
        marked = _among(raw, labels, anomalous, "truth.anomalous")
        several = list(anomalous) if isinstance(anomalous, list | tuple) else [anomalous]
        there = np.unique(labels)
        absent = [value for value in several if not _among(raw, there, value, "").any()]
        if absent:
            shown = ", ".join(_text(value) for value in there[:12].tolist())
            raise InputError(
                raw.file,
                f"truth '{raw.key}' with the values {shown}, none of them {absent[0]}",
                "each value of truth.anomalous at least once",
                "set truth.anomalous to the values of anomalous jets in this file; truth: 0 says "
                "that all jets of a test are normal.",
            )
        labels = marked
    strange = labels[(labels != 0) & (labels != 1)]
    if strange.size:
        raise InputError(
            raw.file,
            f"truth '{raw.key}' with the value {strange[0]}",
            "0 (normal) and 1 (anomalous) alone",
            "map the classes to 0 and 1, or name those of anomalous events as truth.anomalous.",
        )
    return labels.astype(np.int8)


def read_one_hot(raws: Sequence[RawArray], events: int) -> np.ndarray:
    """Read one-hot labels, int8 (N,): 1 for the events that have one of them, 0 for all others.

    Args:
        raws: the labels, each 1 for the events of its class.
        events: how many there must be.

    Raises:
        InputError: as of `read_truth`; a class without an event, or an event of two classes.
    """
    labels = np.stack([read_truth(raw, events) for raw in raws])
    for raw, label in zip(raws, labels, strict=True):
        if not label.any():
            raise InputError(
                raw.file,
                f"label '{raw.key}' that is 0 in all {events} rows",
                "1 for the events of its class, of which there are some",
                "check truth.column; truth: 0 says that all jets of a test are normal.",
            )
    twice = np.flatnonzero(labels.sum(axis=0) > 1)
    if len(twice):
        raise InputError(
            raws[0].file,
            f"more than one of {', '.join(raw.key for raw in raws)} that is 1, in row {twice[0]}",
            "one-hot labels",
            "name one column as truth.column, or columns of which an event has one.",
        )
    return np.asarray(labels.any(axis=0), np.int8)
