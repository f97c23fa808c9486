"""Files written whole or not at all."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from oddjet.files import replacing, sha256


def test_success_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"  # until the block ends
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="disk full"), replacing(path) as partial:
        partial.write_text("half")
        raise RuntimeError("disk full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_without_an_old_file_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_files_are_both_kept_as_they_were_if_the_work_on_them_fails(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for path in paths:
        path.write_text("old")
    with (
        pytest.raises(RuntimeError),
        replacing(paths[0]) as first,
        replacing(paths[1]) as second,
    ):
        first.write_text("new")
        second.write_text("new")
        raise RuntimeError
    assert [path.read_text() for path in paths] == ["old", "old"]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with replacing(tmp_path / "x" / "y" / "a.txt") as partial:
        partial.write_text("new")
    assert (tmp_path / "x" / "y" / "a.txt").read_text() == "new"


def test_temporary_path_lies_beside_the_file_and_has_its_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.png") as partial:
        # beside it: only within a file system is the replacement atomic
        assert partial.parent == tmp_path
        assert partial.suffix == ".png"
        assert partial.name != "a.png"


def test_two_writers_at_once_have_a_path_each(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.txt") as first, replacing(tmp_path / "a.txt") as second:
        assert first != second


@pytest.fixture(params=[0o022, 0o027, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int) -> None:
    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("new")
    (tmp_path / "b.txt").write_text("new")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.txt", "b.txt")]
    assert modes[0] == modes[1] == 0o666 & ~umask
    assert os.umask(umask) == umask  # and the mask is as it was


def test_checksum_is_that_of_the_content(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(content)
    assert sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
