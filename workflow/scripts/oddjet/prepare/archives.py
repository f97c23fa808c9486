"""One member of a .zip or tar archive."""

import logging
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from oddjet.common.errors import InputError
from oddjet.common.files import replacing

log = logging.getLogger(__name__)

SHOWN = 12  # members in a message
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError)


def extract(archive: str | Path, member: str, output: str | Path) -> None:
    """Write one member of an archive; `output` is written whole or not at all.

    Args:
        archive: .zip, or .tar, also compressed by gzip, bzip2 or xz.
        member: its path in the archive.
        output: file to write.

    Raises:
        InputError: no such member, no archive, a damaged one, or a member that the disk has no room
            for, as it says itself.
    """
    with replacing(output) as partial:
        try:
            with _opened(archive, member) as (source, size), open(partial, "wb") as target:
                free = shutil.disk_usage(partial.parent).free
                if size > free:
                    raise InputError(
                        archive,
                        f"a member '{member}' of {size / 1e9:.3g} GB",
                        f"at most the {free / 1e9:.3g} GB that the disk has left",
                        "make room, or see whether the archive is what it should be.",
                    )
                shutil.copyfileobj(source, target)
        except DAMAGE as error:
            raise InputError(
                archive,
                f"a damaged archive, or none ({error})",
                "a .zip or .tar file, perhaps compressed",
                "check `url` and `member` of this sample.",
            ) from error
        log.info("%s from %s: %.1f MB", member, archive, size / 1e6)


@contextmanager
def _opened(archive: str | Path, member: str) -> Iterator[tuple[IO[bytes], int]]:
    """A member, open to be read, and its size in bytes."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            if member not in zipped.namelist():
                raise _absent(archive, member, zipped.namelist())
            with zipped.open(member) as source:
                yield source, zipped.getinfo(member).file_size
        return
    with tarfile.open(archive) as tar:
        found = {one.name.removeprefix("./"): one for one in tar}
        taken = tar.extractfile(found[member]) if member in found else None
        if taken is None:  # or a folder
            raise _absent(archive, member, [name for name, one in found.items() if one.isfile()])
        with taken:
            yield taken, found[member].size


def _absent(archive: str | Path, member: str, there: list[str]) -> InputError:
    names = [name for name in there if not name.endswith("/")]
    listing = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return InputError(
        archive,
        f"no member '{member}' but {listing or 'none'}",
        "the path of a file in the archive",
        "set `member` of this sample to one of those found.",
    )
