"""Other files that a file refers to, so that what is read of it changes when they change.

HDF5 files alone do: by the sources of virtual datasets, by external links, and by raw storage
outside. `.npz`, `.npy` and what is read here of Parquet and ROOT files stand for themselves.
"""

import os
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from oddjet.planning.formats import format_of

# where HDF5 is told to look first, by the kind of reference
FOLDERS = {
    "source": "HDF5_VDS_PREFIX",
    "link": "HDF5_EXT_PREFIX",
    "storage": "HDF5_EXTFILE_PREFIX",
}


class Reference(NamedTuple):
    """A reference to another file.

    Attributes:
        kind: one of `FOLDERS`.
        name: of the other file, as it is written there.
    """

    kind: str
    name: str


def references(file: str | Path) -> list[Reference] | None:
    """The references of a file, in its order.

    None where h5py is not installed: the jobs may have it in an environment of their own. A damaged
    file has none, which the job that opens it explains.

    Raises:
        OSError: the file cannot be read.
    """
    if format_of(file) != "hdf5":
        return []
    try:
        import h5py  # here, because a start seldom needs it, and it takes long
    except ImportError:
        return None
    found: list[Reference] = []

    def look_at(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            sources = item.virtual_sources() if item.is_virtual else []
            # the name of this file itself is a dot
            found.extend(Reference("source", s.file_name) for s in sources if s.file_name != ".")
            found.extend(Reference("storage", name) for name, *_ in item.external or [])

    def look_at_link(name: str, link: Any) -> None:
        if isinstance(link, h5py.ExternalLink):
            found.append(Reference("link", link.filename))

    try:
        with h5py.File(file) as opened:
            opened.visititems(look_at)
            opened.visititems_links(look_at_link)
    except Exception:  # whatever a damaged file brings about in HDF5
        return []
    return list(dict.fromkeys(found))


def tried(reference: Reference, file: Path) -> Iterator[Path]:
    """The paths at which HDF5 looks for a reference of a file, up to the one where it is found.

    The name of a source may stand for a row of files, which ends where the first is missing.
    """
    for name in _names(reference):
        for path in places(reference.kind, name, file):
            yield path
            if os.access(path, os.R_OK):
                break
        else:
            return


def numbered(name: str, block: int) -> str:
    """The name of a file or dataset of a virtual dataset, %b replaced by the number of a block."""
    return re.sub("%([%b])", lambda found: "%" if found[1] == "%" else str(block), name)


def is_row(name: str) -> bool:
    """Whether a name stands for a row of files or datasets."""
    return numbered(name, 0) != numbered(name, 1)


def _names(reference: Reference) -> Iterator[str]:
    if reference.kind != "source":
        return iter([reference.name])
    if not is_row(reference.name):
        return iter([numbered(reference.name, 0)])
    return (numbered(reference.name, block) for block in count())


def places(kind: str, name: str, file: Path) -> Iterator[Path]:
    """Where HDF5 looks for a name that a file refers to, in its order."""
    file = file.absolute()
    if Path(name).is_absolute():
        yield Path(name)
        name = Path(name).name
    for folder in filter(None, os.environ.get(FOLDERS[kind], "").split(":")):
        yield Path(folder.replace("${ORIGIN}", str(file.parent)), name).absolute()
    if kind != "storage":
        yield file.parent / name
    yield Path(name).absolute()
    if kind != "storage":
        yield file.resolve().parent / name
