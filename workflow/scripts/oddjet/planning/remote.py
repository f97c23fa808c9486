"""Files that a sample has elsewhere: where they lie once they are fetched, and how they get there.

A file is known by its checksum, so that one that several samples name is fetched once.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

DIGESTS = ("sha256", "md5")
MEMBERS = "members"  # the folder of what is taken out of an archive


def digest_of(array: Mapping[str, Any]) -> tuple[str, str]:
    """Algorithm and value, in lower case, of the checksum of what an array's `url` leads to."""
    name = next(name for name in DIGESTS if name in array)
    return name, array[name].lower()


def fetched(array: Mapping[str, Any]) -> str:
    """The path of what an array's `url` leads to, below the folder of what is fetched."""
    _, value = digest_of(array)
    name = PurePosixPath(unquote(urlsplit(array["url"]).path)).name
    return f"{value}/{name or 'file'}"


def place(array: Mapping[str, Any]) -> str:
    """The path of an array's file there: what is fetched, or a member of it."""
    if "member" not in array:
        return fetched(array)
    return f"{digest_of(array)[1]}/{MEMBERS}/{array['member']}"


def to_fetch(arrays: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By path, the `url` of what is to be fetched, its `algorithm` and its `checksum`."""
    found = {}
    for array in arrays:
        algorithm, checksum = digest_of(array)
        found[fetched(array)] = {
            "url": array["url"],
            "algorithm": algorithm,
            "checksum": checksum,
        }
    return found


def to_extract(arrays: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By path, the `archive` that is fetched for it and the `member` of it."""
    return {
        place(array): {"archive": fetched(array), "member": array["member"]}
        for array in arrays
        if "member" in array
    }
