"""What is in files: the checksum of every byte of them and of the files that they refer to.

A checksum is taken once and kept, so that a start that finds nothing new reads no raw file. It
holds as long as the file's size, inode and times are the same. One of the times, ctime, is the
system's own: no copy, archive or touch sets it.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from oddjet.common.errors import InputError
from oddjet.common.files import as_made, replacing
from oddjet.planning.references import Reference, references, tried

# below the working directory, in what Snakemake keeps there: without it nothing is kept
KEPT = Path(".snakemake", "oddjet")
# ns: as long as a file system may give one time to two changes, a file might change unseen
SETTLED = 2 * 10**9


@dataclass(frozen=True)
class _Content:
    """What is in a file.

    Attributes:
        path: absolute.
        state: size, inode, mtime and ctime in ns.
        sha256: of all its bytes.
        references: to other files; None where h5py is missing to find them.
    """

    path: str
    state: list[int]
    sha256: str
    references: list[Reference] | None


def checksums(file: str | Path) -> dict[Path, str | None]:
    """SHA-256 of a raw file and of all that it refers to, by path, in order.

    None of what cannot be read, where HDF5 looks before or behind what it finds.

    Raises:
        OSError: the file itself cannot be read.
    """
    found: dict[Path, str | None] = {}
    waiting, seen = [Path(file).absolute()], set()
    while waiting:
        path = waiting.pop(0)
        place = path.resolve()
        if place in seen:  # by whatever way: files may refer to each other
            continue
        seen.add(place)
        try:
            content = _content(path)
        except OSError:
            if not found:
                raise
            found[path] = None
            continue
        found[path] = content.sha256
        for reference in content.references or []:
            waiting += tried(reference, path)
    return found


def contents(file: str | Path) -> list[str | None] | None:
    """The checksums of a raw file and of all that it refers to, wherever they lie.

    None where it cannot be read, which the job that opens it explains.
    """
    try:
        return list(checksums(file).values())
    except OSError:
        return None


def unchanged(
    file: str | Path, expected: Sequence[str | None] | None = None
) -> Sequence[str | None]:
    """The `contents` of a raw file, which must be the expected ones.

    A job asks before it reads and behind: so it made its output from them.

    Args:
        file: the raw file.
        expected: what the job was planned for, if that is known.

    Raises:
        InputError: they are others.
    """
    found = contents(file)
    if found is None or (expected is not None and found != expected):
        raise InputError(
            file,
            "that it, or a file it refers to, changed after the job was planned",
            "input that stays as it is while it is read",
            "give the same command again when nothing writes to it any more.",
        )
    return found


def refuse_changed(results: Iterable[str]) -> None:
    """Refuse to call results good that are not as they were made, whatever their times are.

    Raises:
        InputError: one of them has changed.
    """
    for result in filter(os.path.exists, results):
        found = contents(result)
        if found and found[0]:
            as_made(result, found[0])


def _content(path: Path) -> _Content:
    """What is in a file, from what is kept or read anew."""
    with open(path, "rb") as stream:  # a network file system asks its server when a file is opened
        state = _state(stream.fileno())
        kept = _kept(path)
        if kept is not None and kept.state == state:
            return kept
        begun = time.time_ns()
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        content = _Content(str(path), state, digest, references(path))
        if state == _state(stream.fileno()) and state[-1] < begun - SETTLED:
            _keep(content)
    return content


def _state(descriptor: int) -> list[int]:
    found = os.fstat(descriptor)
    return [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _place(path: str | Path) -> Path:
    return KEPT / f"{hashlib.sha256(str(path).encode()).hexdigest()}.json"


def _kept(path: Path) -> _Content | None:
    """What was kept of a file, in whatever state; None where there is none, or a damaged one."""
    try:
        found = json.loads(_place(path).read_text("utf-8"))
        return _Content(**found | {"references": [Reference(*one) for one in found["references"]]})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(content: _Content) -> None:
    """Keep what is in a file, unless nothing can be written: then it is read again."""
    if content.references is not None and KEPT.parent.is_dir():
        with (
            suppress(OSError, InputError),
            replacing(_place(content.path), of_a_result=False) as partial,
        ):
            partial.write_text(json.dumps(asdict(content)), "utf-8")
