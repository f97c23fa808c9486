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
    text: bool = False,
) -> RawArray:
    """Open an array of a file.

    Only headers are read.

    Args:
        file: of one of the formats of `planning.formats`.
        key: name of the array, or of the table; may be left out where there is one.
        columns: of a table, as `columns.TableArray` takes them.
        most: values of a list in such a column that are kept at most, as `columns` pads them.
        text: whether it may hold text.

    Raises:
        InputError: no such file, none of these, truncated, no such key or column, or not numbers.
    """
    file = Path(file)
    found = _named(file, _contents(file), key, columns, most)
    return _usable(found, text)


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
    if not found.shape or found.events == 0:
        raise InputError(
            found.file,
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
    raise InputError(
        file,
        listing if key is None else f"no array '{key}' but {listing}",
        "one array, or its name as `key`",
        "set `key` of this sample to one of the names found.",
    )


def beside(raw: RawArray, name: str) -> RawArray:
    """Another array of the same file, or another column of the same table, which may be of text.

    Raises:
        InputError: there is none of that name.
    """
    if isinstance(raw, TableArray):
        return _usable(raw.table.array([name], None), text=True)
    return open_array(raw.file, name, text=True)


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
    return np.isin(found, values)


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def chosen_rows(
    raw: RawArray,
    where: Mapping[str, Any] | None = None,
    rows: Sequence[int] | None = None,
) -> np.ndarray:
    """The rows of an array that are asked for, ascending.

    Args:
        raw: N rows.
        where: by the name of an array or column of the same file, (N,), the value or the values
            that it has in them, numbers or texts.
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
                f"({raw.events},), a value for each row of '{raw.key}'",
                "`where` takes names of arrays or columns that hold a value for each event.",
            )
        found = np.concatenate(list(other.pieces()))
        chosen &= _among(other, found, values, f"where.{name}")
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
            "truth must belong to the same file as the images, in the same order.",
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
