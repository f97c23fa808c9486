"""Download of one .npz file: attempted again where that can help, checked before it is kept."""

import logging
import time
from pathlib import Path

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


def fetch(url: str, output: str | Path) -> None:
    """Download an .npz file and read all of it; `output` is written whole or not at all.

    Raises:
        InputError: no answer, none but errors or broken ones, or something else than an .npz.
    """
    with replacing(output) as partial:
        _download(url, partial)
        _check(url, partial)
        log.info("%s: whole, %.1f MB", output, partial.stat().st_size / 1e6)


def _download(url: str, file: Path) -> None:
    """Download with pauses between attempts; pooch's own would repeat a 404 as well."""
    download = pooch.HTTPDownloader(chunk_size=PIECE_BYTES)
    for pause in (*PAUSES, None):
        log.info("Downloading %s", url)
        try:
            return download(url, file, None)
        except requests.RequestException as error:
            if error.response is not None:
                error.response.close()  # pooch leaves it open
            if pause is None or not _may_pass(error):
                raise InputError(url, _found(error), FILE, HINT) from error
            log.warning("%s; next attempt in %g s", error, pause)
            time.sleep(pause)


def _may_pass(error: requests.RequestException) -> bool:
    if error.response is not None:
        return error.response.status_code >= 500
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
