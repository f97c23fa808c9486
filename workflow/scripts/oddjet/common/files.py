"""Files written whole or not at all, their checksums, and locks that die with their holder.

Snakemake knows when a result was written, and not what is in it: one that was cut, edited or
swapped afterwards would be taken for the result. So the checksum of each is kept, as it was made.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from oddjet.common.errors import InputError

WRITE_HINT = "mend that and give the same command again; what is finished is kept."
LOCK = ".lock"
# the disk or the quota is full, a limit on the size of files, a read-only disk, a failing one
CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
# checksums of results and of the parameters that they were made with, by path, below the working
# directory, in what Snakemake keeps there
MADE = Path(".snakemake", "oddjet", "made")

_used: dict[str, list[int]] = {}  # results that this job reads, and their states
_parameters: dict[str, Any] = {}  # of this job


@contextmanager
def replacing(path: str | Path, of_a_result: bool = True) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block succeeds.

    When the block fails, `path` is as it was and the temporary file is gone. What a killed process
    left of an earlier attempt is removed at the next. The checksum of a result is kept, and none
    is made from others that changed while they were used.

    Raises:
        InputError: the disk is full, the folder cannot be written to, or a result that this was
            made from changed.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        with (
            tempfile.TemporaryDirectory(dir=path.parent, prefix=_prefix(path)) as folder,
            try_lock(Path(folder, LOCK)) or nullcontext(),
        ):
            partial = Path(folder, path.name)
            yield partial
            if of_a_result:
                _still_as_made()
                _keep_checksum(path, partial)
            partial.replace(path)
    except (OSError, RuntimeError) as error:  # RuntimeError: HDF5's and PyTorch's, while they close
        found = why_not_written(error)
        if isinstance(error, PermissionError) and not os.access(path.parent, os.W_OK):
            found = error.strerror  # and not an input that cannot be read
        if found is None:
            raise
        raise InputError(
            path,
            f"that it cannot be written ({found})",
            "a folder that can be written to, and room in it",
            WRITE_HINT,
        ) from error


def called(files: Sequence[str | Path]) -> str:
    """What several files are called together in a message."""
    first, *others = files
    return f"{first} and {len(others)} more" if others else str(first)


def why_not_written(error: BaseException) -> str | None:
    """What kept an output from being written, as the system says it; None for other errors."""
    said = f"{error} {error.__context__}"  # HDF5 and PyTorch tell it in their own errors
    return next((reason for reason in map(os.strerror, CANNOT_WRITE) if reason in said), None)


def use(paths: Iterable[str | Path], parameters: Mapping[str, Any]) -> None:
    """Note which results this job is about to read; none is made when they change meanwhile.

    Args:
        paths: of the results.
        parameters: of the job, by name.

    Raises:
        InputError: one of them is not as it was made.
    """
    _parameters.update(parameters)
    for path in map(str, paths):
        if Path(path).is_file() and _kept_checksum(path) is not None:
            _used[path] = _state(path)
            as_made(path, sha256(path))


def as_made(path: str | Path, found: str) -> None:
    """Compare the checksum of a result with that which it was made with, if that is known.

    Raises:
        InputError: they differ.
    """
    if _kept_checksum(path) not in (None, found):
        raise InputError(
            path,
            "a result that was changed since the workflow made it",
            "it as it was made, or none",
            f"delete {path}, have it made anew with {path} as the target of your command, and give "
            "the same command again; `snakemake verify` names all that is changed.",
        )


def refuse_others(path: str | Path, parameters: Mapping[str, Any]) -> None:
    """Refuse a result that was made with other parameters, or of which that is not known.

    Snakemake knows them, and makes it anew, but of jobs that ended after it was killed itself, and
    of results that were made from another working directory or under another path: of those it
    knows nothing, and calls them good.

    Raises:
        InputError: they differ, or are not known.
    """
    kept = _kept(path).get("parameters")
    if kept is None:
        raise InputError(
            path,
            "a result of which nothing is known here",
            "one that was made from this working directory, under this path",
            "work where it was made (what is known lies in the .snakemake there), name another "
            "folder as `results`, or move these results away to have them made anew.",
        )
    if kept != _digest(parameters):
        raise InputError(
            path,
            "a result of other parameters or code, of a job that outlived its Snakemake",
            "one of those of today",
            f"delete {path} and give the same command again.",
        )


def _digest(parameters: Mapping[str, Any]) -> str:
    text = json.dumps(parameters, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _still_as_made() -> None:
    for path, state in _used.items():
        if not Path(path).is_file():
            raise InputError(
                path,
                "that it is gone since the job began",
                "a result that stays while it is used",
                "give the same command again.",
            )
        if _state(path) != state:
            as_made(path, sha256(path))


def _state(path: str | Path) -> list[int]:
    found = os.stat(path)  # noqa: PTH116
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _record_of(path: str | Path) -> Path:
    return MADE / f"{hashlib.sha256(os.path.normpath(path).encode()).hexdigest()}.json"


def _kept(path: str | Path) -> dict[str, str]:
    """What is known of how a result was made; nothing where that is lost or damaged."""
    try:
        found = json.loads(_record_of(path).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _kept_checksum(path: str | Path) -> str | None:
    """The checksum that a result was made with; None where it is not known."""
    return _kept(path).get("sha256")


def _keep_checksum(path: Path, partial: Path) -> None:
    """Keep the checksum of a result that is about to take its place.

    Before and not behind: where the process dies in between there is no result, and Snakemake has
    it made again.
    """
    if MADE.parents[1].is_dir():  # else no run works here
        with replacing(_record_of(path), of_a_result=False) as record:
            known = {"path": str(path), "sha256": sha256(partial)}
            known["parameters"] = _digest(_parameters)
            record.write_text(json.dumps(known), "utf-8")


def _prefix(path: Path) -> str:
    return f".partial-{path.name}-"


def _remove_abandoned(path: Path) -> None:
    """Remove temporary folders for `path` whose lock died with the process that held it."""
    for folder in path.parent.iterdir():
        if folder.name.startswith(_prefix(path)):
            with suppress(FileNotFoundError):  # gone meanwhile
                if lock := try_lock(folder / LOCK):
                    with lock:
                        shutil.rmtree(folder)


def try_lock(path: str | Path) -> IO[str] | None:
    """Lock a file, made if need be, until the handle is closed or this process ends in any way.

    None where another handle holds the lock, or where the file system has no locks.
    """
    handle = open(path, "a")  # noqa: SIM115  # it stays open
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        return None
    return handle


def sha256(path: str | Path) -> str:
    """SHA-256 of a file's content, as hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
