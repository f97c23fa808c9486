"""Files written whole or not at all, their checksums, and locks that die with their holder."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO

from oddjet.common.errors import InputError

WRITE_HINT = "mend that and give the same command again; what is finished is kept."
LOCK = ".lock"
# the disk or the quota is full, a limit on the size of files, a read-only disk
CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block succeeds.

    When the block fails, `path` is as it was and the temporary file is gone. What a killed process
    left of an earlier attempt is removed at the next.

    Raises:
        InputError: the disk is full, or the folder cannot be written to.
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
