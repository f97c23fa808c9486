"""Download of one file: attempted again where that can help, checked before it is kept.

It lies at an address of http or https, in a record that has a DOI, or on an XRootD server.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable
from http.client import PARTIAL_CONTENT
from http.client import REQUESTED_RANGE_NOT_SATISFIABLE as NO_SUCH_RANGE
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import fsspec
import pooch
import requests

from oddjet.common.errors import InputError
from oddjet.common.files import replacing
from oddjet.prepare.raw import FILE, open_array

log = logging.getLogger(__name__)

PAUSES = (1, 3, 9)  # seconds between one attempt and the next
PIECE_BYTES = 2**20
NO_RECORD = requests.exceptions.JSONDecodeError  # an archive that is out of service sends a page
BROKEN_OFF = requests.exceptions.ChunkedEncodingError  # also for fewer bytes than Content-Length
HINT = (
    "check samples.course, course_url and the network; or download the three files by hand "
    "and name them under samples.normal and samples.tests."
)
HINT_OF_URL = "check `url` and the network; or download the file by hand and name it as `file`."
HINT_OF_DOI = (
    "check `doi` and `name`, and the network; or download the file by hand and name it as `file`."
)
DOI, XROOTD = "doi:", "root://"
LONG = 60  # seconds without an answer

T = TypeVar("T")


def fetch(
    url: str, output: str | Path, algorithm: str | None = None, checksum: str | None = None
) -> None:
    """Download a file and compare its checksum; `output` is written whole or not at all.

    Args:
        url: of http, https or root (XRootD), or doi:DOI/NAME for a file in a record.
        output: file to write.
        algorithm: of the checksum, as `hashlib` calls it.
        checksum: in hexadecimal digits, lower case; None for that which the record states alone.

    Raises:
        InputError: no answer, none but errors or broken ones, no such record or file, no XRootD, or
            another checksum.
    """
    wanted = {} if algorithm is None or checksum is None else {algorithm: checksum}
    with replacing(output) as partial:
        if url.startswith(XROOTD):
            _copy(url, partial)
        elif url.startswith(DOI):
            there, stated = _in_record(url)
            _download(there, partial, "a file", HINT_OF_DOI)
            _compare(url, partial, dict([stated]))
        else:
            _download(url, partial, "a file", HINT_OF_URL)
        _compare(url, partial, wanted)
        log.info("%s: whole, %.1f MB", output, partial.stat().st_size / 1e6)


def _compare(url: str, file: Path, wanted: dict[str, str]) -> None:
    """Compare a file with checksums by their algorithms.

    Raises:
        InputError: it has others.
    """
    for algorithm, checksum in wanted.items():
        with open(file, "rb") as stream:
            found = hashlib.file_digest(stream, algorithm).hexdigest()
        if found != checksum:
            raise InputError(
                url,
                f"{file.stat().st_size} bytes of {algorithm} {found}",
                f"{algorithm} {checksum}",
                "the file was replaced by another, or is an error page: see what the address "
                "leads to, and set the checksum of the file that you mean.",
            )


def _in_record(url: str) -> tuple[str, tuple[str, str]]:
    """The address of a file in a record, and algorithm and value of the checksum stated there.

    Raises:
        InputError: no answer, no such record or file.
    """
    doi, _, name = url.removeprefix(DOI).rpartition("/")
    stated = SimpleNamespace(registry={})

    def look_up() -> str:
        record = pooch.downloaders.doi_to_repository(doi, timeout=LONG)
        record.populate_registry(stated)
        return record.download_url(name)

    try:
        there = _attempt(url, look_up, "a record", HINT_OF_DOI)
        algorithm, _, checksum = stated.registry[name].rpartition(":")
    # what pooch raises for records of other archives, without files, or without this one
    except (ValueError, LookupError, TypeError) as error:
        names = ", ".join(list(stated.registry)[:12])
        raise InputError(
            url,
            f"a record of the files {names}" if names else f"no record of files ({error})",
            f"a record of Zenodo, figshare or a Dataverse with the file {name}",
            HINT_OF_DOI,
        ) from error
    return there, (algorithm or "md5", checksum.lower())


def _copy(url: str, file: Path) -> None:
    """Copy a file from an XRootD server.

    Raises:
        InputError: XRootD is missing, or the file cannot be read.
    """

    def copy() -> None:
        with fsspec.open(url, "rb") as source, open(file, "wb") as target:
            shutil.copyfileobj(source, target, PIECE_BYTES)

    try:
        _attempt(url, copy, "a file", HINT_OF_URL)
    except ImportError as error:
        raise InputError(
            url,
            "no XRootD for Python",
            "the packages fsspec-xrootd and xrootd",
            "pip install fsspec-xrootd xrootd; or copy the file by hand (xrdcp) and name it as "
            "`file`.",
        ) from error


def fetch_course(url: str, output: str | Path) -> None:
    """Download an .npz file and read all of it; `output` is written whole or not at all.

    Raises:
        InputError: no answer, none but errors or broken ones, or something else than an .npz.
    """
    with replacing(output) as partial:
        _download(url, partial, FILE, HINT)
        _check(url, partial)
        log.info("%s: whole, %.1f MB", output, partial.stat().st_size / 1e6)


def _download(url: str, file: Path, expected: str, hint: str) -> None:
    """Download with pauses between attempts; pooch's own would repeat a 404 as well.

    What has arrived is kept, and the rest asked for.
    """
    with open(file, "wb") as stream:

        def begin(response: requests.Response, *_: Any, **__: Any) -> None:
            rest = response.headers.get("Content-Range", "").startswith(f"bytes {stream.tell()}-")
            if response.ok and not (response.status_code == PARTIAL_CONTENT and rest):
                stream.seek(0)
                stream.truncate()

        def attempt() -> None:
            there = stream.tell()
            log.info("Downloading %s%s", url, f" from byte {there} on" if there else "")
            headers = {"Accept-Encoding": "identity"}
            headers |= {"Range": f"bytes={there}-"} if there else {}
            download = pooch.HTTPDownloader(
                chunk_size=PIECE_BYTES, headers=headers, hooks={"response": begin}
            )
            try:
                download(url, stream, None)
            except requests.HTTPError as error:
                if error.response is not None:
                    error.response.close()  # pooch leaves it open
                    if error.response.status_code == NO_SUCH_RANGE:
                        stream.seek(0)
                        stream.truncate()
                raise

        _attempt(url, attempt, expected, hint)


def _attempt(url: str, attempt: Callable[[], T], expected: str, hint: str) -> T:
    """What an attempt returns, repeated with pauses where its failure may pass.

    Raises:
        InputError: none succeeds.
    """
    for pause in PAUSES:
        try:
            return attempt()
        except OSError as error:  # which those of requests are
            if not _may_pass(error):
                raise InputError(url, _found(error), expected, hint) from error
            log.warning("%s; next attempt in %g s", error, pause)
            time.sleep(pause)
    try:
        return attempt()
    except OSError as error:
        raise InputError(url, _found(error), expected, hint) from error


def _may_pass(error: OSError) -> bool:
    if not isinstance(error, requests.RequestException):
        return not isinstance(error, FileNotFoundError | PermissionError)
    if error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == NO_SUCH_RANGE
    return isinstance(error, (requests.ConnectionError, requests.Timeout, BROKEN_OFF, NO_RECORD))


def _found(error: OSError) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code} ({response.reason})"
    return "a truncated file" if isinstance(error, BROKEN_OFF) else f"no answer ({error})"


def _check(url: str, file: Path) -> None:
    try:
        for _ in open_array(file).pieces():
            pass  # at the array's end its checksum is compared
    except InputError as error:
        with open(file, "rb") as stream:
            page = stream.read(64).lstrip().startswith(b"<")
        size = f"{file.stat().st_size} bytes"
        found = "an HTML page" if page else f"{size} that are truncated, damaged or of another kind"
        raise InputError(url, found, FILE, HINT) from error
