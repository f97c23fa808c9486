"""HDF5 files of which no write fails unnoticed."""

import errno
import io
import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from oddjet.common import hdf5_files

SCORES = np.linspace(1, 2, 40, dtype="f4")


def failing(at: int) -> type[io.FileIO]:
    """Files of which one write fails, as on a disk that has no room for a moment."""

    class Full(io.FileIO):
        writes = 0

        def write(self, data: memoryview) -> int:  # type: ignore[override]
            Full.writes += 1
            if Full.writes == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    class Failing(hdf5_files._Remembering, Full):
        pass

    return Failing


def write(path: Path) -> None:
    with hdf5_files.create(path, track_order=True) as file:
        file["normal_control/score"] = SCORES
        file.create_dataset("test/score", data=SCORES, chunks=(8,), compression="gzip")
        file.attrs["made"] = "here"


def test_a_write_that_fails_once_is_an_error_whichever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 0
    while True:
        number += 1
        monkeypatch.setattr(hdf5_files, "_Remembering", failing(number))
        try:
            write(tmp_path / "scores.h5")
        except OSError as error:
            assert error.errno == errno.ENOSPC
        else:
            break
    assert number > 10


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path / "scores.h5")
    with h5py.File(tmp_path / "scores.h5") as file:
        assert list(file) == ["normal_control", "test"]  # in the order in which they were made
        np.testing.assert_array_equal(file["normal_control/score"], SCORES)
        np.testing.assert_array_equal(file["test/score"], SCORES)


def test_the_same_content_is_the_same_file_to_the_last_byte(tmp_path: Path) -> None:
    for name in ("one.h5", "other.h5"):
        write(tmp_path / name)
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "other.h5").read_bytes()
