"""File formats, told apart by how a file begins."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import uproot

from oddjet.planning.formats import FORMATS, format_of, format_to_come


def hdf5(path: Path, **settings: int) -> None:
    with h5py.File(path, "w", **settings) as file:
        file["x"] = np.arange(9)


def npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(9))


def npz(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, x=np.arange(9))


def root(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["x"] = {"y": np.arange(9)}


WRITERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "npz": ("npz", npz),
    "npy": ("npy", npy),
    "hdf5": ("hdf5", hdf5),
    "hdf5 behind 512 bytes": ("hdf5", lambda path: hdf5(path, userblock_size=512)),
    "hdf5 behind 4096 bytes": ("hdf5", lambda path: hdf5(path, userblock_size=4096)),
    "parquet": ("parquet", lambda path: pd.DataFrame({"x": [1]}).to_parquet(path)),
    "root": ("root", root),
}


def test_there_is_a_file_of_every_format() -> None:
    assert {name for name, _ in WRITERS.values()} == set(FORMATS)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_is_known_by_its_content_whatever_it_is_called(tmp_path: Path, kind: str) -> None:
    name, write = WRITERS[kind]
    write(tmp_path / "file.txt")
    assert format_of(tmp_path / "file.txt") == name


@pytest.mark.parametrize("content", [b"", b"P", b"pt,eta,phi\n", bytes(5000)])
def test_another_file_has_no_format(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    assert format_of(tmp_path / "a.npz") is None


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        format_of(tmp_path / "none.npz")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_to_come_is_known_by_its_suffix(name: str) -> None:
    for suffix in FORMATS[name].suffixes:
        assert format_to_come(f"results/a.b{suffix}") == name
    assert format_to_come("results/a.txt") is None
