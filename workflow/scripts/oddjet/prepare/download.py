"""Download of one file: attempted again where that can help, checked before it is kept."""

import hashlib
import logging
import time
from http.client import PARTIAL_CONTENT
from http.client import REQUESTED_RANGE_NOT_SATISFIABLE as NO_SUCH_RANGE
from pathlib import Path
from typing import Any

import pooch
import requests

from oddjet.common.errors import InputError
from oddjet.common.files import replacing
from oddjet.prepare.raw import FILE, open_array

log = logging.getLogger(__name__)

PAUSES = (1, 3, 9)  # seconds between one attempt and the next
PIECE_BYTES = 2**20
BROKEN_OFF = requests.exceptions.ChunkedEncodingError  # also for fewer bytes than Content-Length
HINT = (
    "check samples.course, course_url and the network; or download the three files by hand "
    "and name them under samples.normal and samples.tests."
)
HINT_OF_URL = "check `url` and the network; or download the file by hand and name it as `file`."


def fetch(url: str, output: str | Path, algorithm: str, checksum: str) -> None:
    """Download a file and compare its checksum; `output` is written whole or not at all.

    Args:
        url: of http or https.
        output: file to write.
        algorithm: of the checksum, as `hashlib` calls it.
        checksum: in hexadecimal digits, lower case.

    Raises:
        InputError: no answer, none but errors or broken ones, or another checksum.
    """
    with replacing(output) as partial:
        _download(url, partial, "a file", HINT_OF_URL)
        with open(partial, "rb") as stream:
            found = hashlib.file_digest(stream, algorithm).hexdigest()
        size = partial.stat().st_size
        if found != checksum:
            raise InputError(
                url,
                f"{size} bytes of {algorithm} {found}",
                f"{algorithm} {checksum}",
                "the file was replaced by another, or is an error page: see what the address "
                "leads to, and set the checksum of the file that you mean.",
            )
        log.info("%s: whole, %.1f MB", output, size / 1e6)


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

        for pause in (*PAUSES, None):
            there = stream.tell()
            log.info("Downloading %s%s", url, f" from byte {there} on" if there else "")
            headers = {"Accept-Encoding": "identity"}
            headers |= {"Range": f"bytes={there}-"} if there else {}
            download = pooch.HTTPDownloader(
                chunk_size=PIECE_BYTES, headers=headers, hooks={"response": begin}
            )
            try:
                return download(url, stream, None)
            except requests.RequestException as error:
                if error.response is not None:
                    error.response.close()  # pooch leaves it open
                if pause is None or not _may_pass(error):
                    raise InputError(url, _found(error), expected, hint) from error
                if error.response is not None and error.response.status_code == NO_SUCH_RANGE:
                    stream.seek(0)
                    stream.truncate()
                log.warning("%s; next attempt in %g s", error, pause)
                time.sleep(pause)


def _may_pass(error: requests.RequestException) -> bool:
    if error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == NO_SUCH_RANGE
    return isinstance(error, (requests.ConnectionError, requests.Timeout, BROKEN_OFF))


def _found(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP status {error.response.status_code} ({error.response.reason})"
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
