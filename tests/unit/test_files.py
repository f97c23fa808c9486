"""Files written whole or not at all."""

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import REPO

from oddjet.common.errors import InputError
from oddjet.common.files import replacing, sha256, use


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


def test_temporary_path_is_on_the_same_disk_and_has_the_name_of_the_file(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.png") as partial:
        # only within a file system is the replacement atomic
        assert partial.parent.parent == tmp_path
        assert partial.name == "a.png"
        partial.touch()


def test_two_writers_at_once_have_a_path_each(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.txt") as first, replacing(tmp_path / "a.txt") as second:
        assert first != second
        first.write_text("1")
        second.write_text("2")
    assert (tmp_path / "a.txt").read_text() == "1"  # the last to end


KILLED = """
import os, signal, sys
from pathlib import Path
from oddjet.common.files import replacing
with replacing(sys.argv[1]) as partial:
    partial.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_writer_left_is_removed_by_the_next_of_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / 'a "[b]".txt'
    for name in (path, path, tmp_path / "other.txt"):
        command = [sys.executable, "-c", KILLED, str(name)]
        folder = REPO / "workflow" / "scripts"
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(folder)})
        assert done.returncode == -signal.SIGKILL
    left = {entry.name[:-8] for entry in tmp_path.iterdir()}
    assert left == {f".partial-{path.name}-", ".partial-other.txt-"}
    assert len(list(tmp_path.iterdir())) == 2  # the second attempt removed what the first left
    with replacing(path) as partial:
        partial.write_text("whole")
    assert path.read_text() == "whole"
    assert {entry.name[:-8] for entry in tmp_path.iterdir() if entry != path} == {
        ".partial-other.txt-"
    }


def no_room(partial: Path) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_room_in_another_error(partial: Path) -> None:
    try:  # as PyTorch does
        no_room(partial)
    except OSError:
        raise RuntimeError("unexpected pos 704") from None


@pytest.mark.parametrize("write", [no_room, no_room_in_another_error])
def test_a_full_disk_is_an_error_that_names_the_file_and_the_reason(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with (
        pytest.raises(InputError, match="No space left on device") as raised,
        replacing(path) as partial,
    ):
        write(partial)
    assert str(raised.value).startswith(f"{path}: found ")
    assert "the same command again" in str(raised.value)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_input_that_cannot_be_read_is_not_taken_for_an_output_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(PermissionError), replacing(tmp_path / "a.txt"):
        raise PermissionError(errno.EACCES, "Permission denied", "raw/normal.npz")


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


# Results that are no longer as they were made


@pytest.fixture
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which Snakemake works, with a result in it."""
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("oddjet.common.files._used", {})
    make("a.csv", "a")
    return tmp_path


def make(path: str, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(text)


def test_a_result_as_it_was_made_is_used(working_directory: Path) -> None:
    use(["a.csv", "raw.npz"], {})
    make("b.csv", "b")
    assert Path("b.csv").read_text() == "b"


def test_a_result_that_was_changed_is_not_used_whatever_its_times(working_directory: Path) -> None:
    times = Path("a.csv").stat()
    Path("a.csv").write_text("b")
    os.utime("a.csv", ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match=r"(?s)a\.csv: found a result that was changed.*Hint: del"):
        use(["a.csv"], {})


@pytest.mark.parametrize("change", [lambda path: path.write_text("b"), Path.unlink])
def test_nothing_is_made_from_a_result_that_changes_while_it_is_used(
    working_directory: Path, change: Callable[[Path], object]
) -> None:
    use(["a.csv"], {})
    change(Path("a.csv"))
    with pytest.raises(InputError, match=r"a\.csv: found"):
        make("b.csv", "b")
    assert not Path("b.csv").exists()


def test_a_result_that_is_made_anew_is_used_again(working_directory: Path) -> None:
    Path("a.csv").write_text("b")
    make("a.csv", "c")
    use(["a.csv"], {})


def test_outside_of_a_workflow_nothing_is_kept_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make("a.csv", "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
