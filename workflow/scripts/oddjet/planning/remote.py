"""Files that a sample has elsewhere: where they lie once they are fetched, and how they get there.

A file is known by its checksum, or by its record and name, so that one that several samples name is
fetched once.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

DIGESTS = ("sha256", "md5")
MEMBERS = "members"  # the folder of what is taken out of an archive


def is_elsewhere(array: Mapping[str, Any]) -> bool:
    """Whether the file of a sample, of weights or of a truth is to be fetched."""
    return "url" in array or "doi" in array


def digest_of(array: Mapping[str, Any]) -> tuple[str, str] | tuple[None, None]:
    """Algorithm and value, in lower case, of the checksum that an array has; none with a `doi`."""
    name = next((name for name in DIGESTS if name in array), None)
    return (None, None) if name is None else (name, array[name].lower())


def address(array: Mapping[str, Any]) -> str:
    """What is to be fetched for an array: its `url`, or record and name as pooch has them."""
    return array["url"] if "url" in array else f"doi:{array['doi']}/{array['name']}"


def folder(array: Mapping[str, Any]) -> str:
    """The folder of what is fetched for an array, below that of all."""
    _, value = digest_of(array)
    return value or array["doi"].replace("/", "_")


def fetched(array: Mapping[str, Any]) -> str:
    """The path of what is fetched for an array, below the folder of all."""
    if "doi" in array:
        return f"{folder(array)}/{array['name']}"
    name = PurePosixPath(unquote(urlsplit(array["url"]).path)).name
    return f"{folder(array)}/{name or 'file'}"


def place(array: Mapping[str, Any]) -> str:
    """The path of an array's file there: what is fetched, or a member of it."""
    if "member" not in array:
        return fetched(array)
    return f"{folder(array)}/{MEMBERS}/{array['member']}"


def to_fetch(arrays: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str | None]]:
    """By path, the `url` of what is to be fetched, its `algorithm` and its `checksum`.

    These are None where a record states it.
    """
    found: dict[str, dict[str, str | None]] = {}
    for array in arrays:
        algorithm, checksum = digest_of(array)
        found[fetched(array)] = {
            "url": address(array),
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
