"""The file formats that raw input may have, told apart by how a file begins.

A format's reader is the module of its name in `oddjet.prepare.readers`. This is the one list of
them: what the workflow starts with asks it as well, so that a job depends on its own reader alone.
"""

from dataclasses import dataclass
from pathlib import Path

USER_BLOCK = 512  # bytes: an HDF5 file may begin there, or at twice as many, and so on


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        title: as messages call it.
        signature: with which its files begin.
        suffixes: by which those are known that are still to come.
    """

    title: str
    signature: bytes
    suffixes: tuple[str, ...]


FORMATS = {
    "npz": Format(".npz", b"PK", (".npz",)),
    "npy": Format(".npy", b"\x93NUMPY", (".npy",)),
    "hdf5": Format("HDF5", b"\x89HDF", (".h5", ".hdf5")),
    "parquet": Format("Parquet", b"PAR1", (".parquet",)),
    "root": Format("ROOT", b"root", (".root",)),
}


def format_of(file: str | Path) -> str | None:
    """The name of a file's format, by its signature; None for one of another kind.

    Raises:
        OSError: it cannot be read.
    """
    with open(file, "rb") as stream:
        start = stream.read(8)
        for name, known in FORMATS.items():
            if start.startswith(known.signature):
                return name
        size, place = Path(file).stat().st_size, USER_BLOCK
        while place < size:
            stream.seek(place)
            if stream.read(4) == FORMATS["hdf5"].signature:
                return "hdf5"
            place *= 2
    return None


def format_to_come(file: str | Path) -> str | None:
    """The name of the format of a file that need not exist yet, by its suffix."""
    suffix = Path(file).suffix
    return next((name for name, known in FORMATS.items() if suffix in known.suffixes), None)
