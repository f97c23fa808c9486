"""Download: what arrives is whole, what may pass is attempted again, and errors say what to do."""

import hashlib
import importlib.util
import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pooch
import pytest

from oddjet.common.errors import InputError
from oddjet.prepare import arrays, download

Answer = Callable[[BaseHTTPRequestHandler], None]


def npz(array: np.ndarray) -> bytes:
    """The bytes of an .npz file, not compressed: only its checksum tells a changed byte."""
    stream = io.BytesIO()
    np.savez(stream, normal_data=array)
    return stream.getvalue()


JETS = npz(np.random.default_rng(0).random((60, 16, 16)))
PAGE = b"\n<!DOCTYPE html><title>Log in</title>"


# Answers of a server


def sends(body: bytes, status: int = 200, length: int | None = None) -> Answer:
    """An answer of `body`, announced as `length` bytes; as none where that is negative."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        announced = len(body) if length is None else length
        request.send_response(status)
        if announced >= 0:
            request.send_header("Content-Length", str(announced))
        request.end_headers()
        request.wfile.write(body)

    return answer


def says_nothing(request: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""


def resets(request: BaseHTTPRequestHandler) -> None:
    """Send half of the file, then a TCP reset."""
    drops(request)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.rfile.close()
    request.connection.close()


whole, unavailable = sends(JETS), sends(b"later", 503)
drops = sends(JETS[: len(JETS) // 2], length=len(JETS))


class Server(HTTPServer):
    """A server on 127.0.0.1 that gives its answers one by one, and the last of them for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self.server_bind()  # until `start` the port is taken and refuses connections
        self.url = f"http://127.0.0.1:{self.server_port}/T1/Normal_data.npz"
        self.requests = 0
        self.ranges: list[str | None] = []
        self.asked: list[str] = []
        self.answers: list[Answer] = []

    def start(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests += 1
        self.server.asked.append(self.path)
        self.server.ranges.append(self.headers["Range"])
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.02, 0.03))
    monkeypatch.setattr(arrays, "PIECE_BYTES", 1000)  # the files are read in many pieces
    monkeypatch.setattr(download, "PIECE_BYTES", 1000)  # and arrive in them
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        yield server
        if server.answers:
            server.shutdown()


def refusal(server: Server, directory: Path) -> str:
    """The text of the error that a download ends in; it leaves no file behind."""
    with pytest.raises(InputError) as caught:
        download.fetch_course(server.url, directory / "Normal_data.npz")
    assert list(directory.iterdir()) == []
    text = str(caught.value)
    assert text.startswith(f"{server.url}: found ")
    assert "expected an .npz, .npy, HDF5, Parquet or ROOT file with numbers" in text
    assert all(name in text for name in ("Hint:", "samples.course", "course_url", "samples.normal"))
    return text


# What arrives


def test_a_whole_file_arrives_byte_for_byte(server: Server, tmp_path: Path) -> None:
    server.start(whole)
    download.fetch_course(server.url, tmp_path / "Normal_data.npz")
    assert (tmp_path / "Normal_data.npz").read_bytes() == JETS
    assert [file.name for file in tmp_path.iterdir()] == ["Normal_data.npz"]
    assert server.requests == 1


@pytest.mark.parametrize("failure", [drops, resets, says_nothing, unavailable])
def test_what_may_pass_is_attempted_again_until_the_file_is_whole(
    failure: Answer, server: Server, tmp_path: Path
) -> None:
    server.start(failure, failure, whole)
    download.fetch_course(server.url, tmp_path / "Normal_data.npz")
    assert (tmp_path / "Normal_data.npz").read_bytes() == JETS
    assert server.requests == 3


def test_a_refused_connection_is_attempted_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda pause: server.start(whole))
    download.fetch_course(server.url, tmp_path / "Normal_data.npz")
    assert (tmp_path / "Normal_data.npz").read_bytes() == JETS


# What is refused


def test_a_server_that_always_drops_ends_in_an_error_and_no_file(
    server: Server, tmp_path: Path
) -> None:
    server.start(drops)
    assert "found a truncated file;" in refusal(server, tmp_path)
    assert server.requests == 1 + len(download.PAUSES)


def test_a_server_that_is_always_unavailable_ends_in_an_error(
    server: Server, tmp_path: Path
) -> None:
    server.start(unavailable)
    assert "found HTTP status 503 (Service Unavailable);" in refusal(server, tmp_path)
    assert server.requests == 1 + len(download.PAUSES)


def test_a_server_out_of_reach_ends_in_an_error_that_says_why(
    server: Server, tmp_path: Path
) -> None:
    text = refusal(server, tmp_path)
    assert "found no answer (" in text
    assert "Connection refused" in text


@pytest.mark.parametrize("status", [403, 404])
def test_a_file_that_is_not_there_is_asked_for_once(
    status: int, server: Server, tmp_path: Path
) -> None:
    server.start(sends(PAGE, status))
    assert f"found HTTP status {status} (" in refusal(server, tmp_path)
    assert server.requests == 1


def test_an_html_page_in_place_of_the_file_is_refused(server: Server, tmp_path: Path) -> None:
    server.start(sends(PAGE))
    assert "found an HTML page;" in refusal(server, tmp_path)
    assert server.requests == 1


flipped = bytearray(JETS)
flipped[len(JETS) * 3 // 4] ^= 0xFF


@pytest.mark.parametrize(
    "body",
    [b"", JETS[:-100], bytes(flipped), npz(np.array([{}])), npz(np.zeros((0, 16, 16)))],
    ids=["empty", "truncated", "flipped byte", "objects", "no events"],
)
@pytest.mark.parametrize("announced", [True, False])
def test_what_is_not_a_whole_npz_is_refused_whatever_its_announced_size(
    announced: bool, body: bytes, server: Server, tmp_path: Path
) -> None:
    server.start(sends(body, length=len(body) if announced else -1))
    text = refusal(server, tmp_path)
    assert f"found {len(body)} bytes that are truncated, damaged or of another kind;" in text


# Files of samples, by their checksums

SHA256 = hashlib.sha256(JETS).hexdigest()


def fetch(server: Server, directory: Path, checksum: str = SHA256) -> bytes:
    download.fetch(server.url, directory / "a.npz", "sha256", checksum)
    return (directory / "a.npz").read_bytes()


def sends_the_rest(request: BaseHTTPRequestHandler) -> None:
    """Send what is asked for of the file, as a server that knows ranges."""
    start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
    request.send_response(206)
    request.send_header("Content-Range", f"bytes {start}-{len(JETS) - 1}/{len(JETS)}")
    request.send_header("Content-Length", str(len(JETS) - start))
    request.end_headers()
    request.wfile.write(JETS[start:])


def test_a_transfer_that_broke_off_goes_on_where_it_did(server: Server, tmp_path: Path) -> None:
    server.start(drops, says_nothing, sends_the_rest)
    assert fetch(server, tmp_path) == JETS
    rest = f"bytes={len(JETS) // 2 // 1000 * 1000}-"  # behind the last whole piece
    assert server.ranges == [None, rest, rest]


@pytest.mark.parametrize(
    "other", [whole, sends(JETS, 206)], ids=["the whole file", "a part that says not which"]
)
def test_a_server_that_knows_no_ranges_sends_the_whole_file_again(
    other: Answer, server: Server, tmp_path: Path
) -> None:
    server.start(drops, other)
    assert fetch(server, tmp_path) == JETS


def test_a_file_that_has_become_shorter_is_fetched_from_its_start(
    server: Server, tmp_path: Path
) -> None:
    longer = JETS + bytes(5000)
    server.start(sends(longer, length=len(longer) + 5), sends(b"", 416), whole)
    assert fetch(server, tmp_path) == JETS
    assert server.ranges == [None, f"bytes={len(longer) // 1000 * 1000}-", None]


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_another_checksum_is_refused_with_that_which_arrived(
    algorithm: str, server: Server, tmp_path: Path
) -> None:
    server.start(whole)
    right = hashlib.new(algorithm, JETS).hexdigest()
    wrong = right[::-1]
    with pytest.raises(InputError) as caught:
        download.fetch(server.url, tmp_path / "a.npz", algorithm, wrong)
    found = f"{server.url}: found {len(JETS)} bytes of {algorithm} {right}; "
    assert str(caught.value).startswith(found + f"expected {algorithm} {wrong}.")
    assert list(tmp_path.iterdir()) == []
    download.fetch(server.url, tmp_path / "a.npz", algorithm, right)


def test_a_file_that_is_not_there_is_answered_with_what_to_do(
    server: Server, tmp_path: Path
) -> None:
    server.start(sends(PAGE, 404))
    with pytest.raises(InputError, match=r"(?s)found HTTP status 404.*Hint: check `url`"):
        fetch(server, tmp_path)


# Files in records

MD5 = hashlib.md5(JETS).hexdigest()


def record(server: Server, checksum: str = MD5, name: str = "a.npz") -> Answer:
    """What Zenodo says of a record of one file."""
    links = {"self": f"http://127.0.0.1:{server.server_port}/files/{name}/content"}
    file = {"key": name, "checksum": f"md5:{checksum}", "links": links}
    return sends(json.dumps({"id": 7, "files": [file]}).encode())


@pytest.fixture
def archive(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Zenodo, on this machine."""
    monkeypatch.setattr(
        pooch.downloaders, "doi_to_url", lambda doi, **_: f"https://zenodo.org/records/{doi[-1]}"
    )
    api = f"http://127.0.0.1:{server.server_port}/api/records"
    monkeypatch.setattr(pooch.downloaders.ZenodoRepository, "base_api_url", api)
    return server


IN_RECORD = "doi:10.5281/zenodo.7/a.npz"


def test_a_file_of_a_record_is_fetched_by_doi_and_name_and_compared_with_what_the_record_states(
    archive: Server, tmp_path: Path
) -> None:
    archive.start(unavailable, record(archive), drops, sends_the_rest)
    download.fetch(IN_RECORD, tmp_path / "a.npz")
    assert (tmp_path / "a.npz").read_bytes() == JETS
    assert archive.asked == ["/api/records/7"] * 2 + ["/files/a.npz/content"] * 2


@pytest.mark.parametrize(
    ("stated", "given", "expected"),
    [(MD5[::-1], None, f"md5 {MD5[::-1]}"), (MD5, SHA256[::-1], f"sha256 {SHA256[::-1]}")],
    ids=["what the record states", "what the user states"],
)
def test_a_file_of_a_record_that_has_another_checksum_is_refused(
    archive: Server, tmp_path: Path, stated: str, given: str | None, expected: str
) -> None:
    archive.start(record(archive, stated), whole)
    with pytest.raises(InputError, match=f"{IN_RECORD}: found .* expected {expected}"):
        download.fetch(IN_RECORD, tmp_path / "a.npz", "sha256" if given else None, given)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_a_record_lacks_is_named_with_those_that_it_has(
    archive: Server, tmp_path: Path
) -> None:
    archive.start(record(archive, name="b.npz"))
    with pytest.raises(InputError, match=r"a record of the files b\.npz; .* with the file a\.npz"):
        download.fetch(IN_RECORD, tmp_path / "a.npz")
    assert archive.requests == 1


@pytest.mark.parametrize(
    "answer",
    [sends(b'{"status": 404, "message": "no such record"}', 404), sends(PAGE)],
    ids=["an error", "a page"],
)
def test_a_record_that_is_none_is_refused(archive: Server, tmp_path: Path, answer: Answer) -> None:
    archive.start(answer)
    with pytest.raises(InputError, match=r"(?s)found no .* expected a record.*Hint: check `doi`"):
        download.fetch(IN_RECORD, tmp_path / "a.npz")


def test_a_doi_of_another_archive_is_refused(
    archive: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooch.downloaders, "doi_to_url", lambda *_, **__: server_url(archive))
    archive.start(sends(PAGE, 404))
    with pytest.raises(InputError, match=r"expected a record of Zenodo, figshare or a Dataverse"):
        download.fetch(IN_RECORD, tmp_path / "a.npz")


def server_url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/records/7"


# Files on XRootD servers


def test_a_file_on_an_xrootd_server_is_copied_and_attempted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "PAUSES", (0.01,))
    failures = [OSError("[ERROR] Operation expired")]

    def opened(url: str, mode: str) -> io.BytesIO:
        assert (url, mode) == ("root://eos.example.org//store/a.npz", "rb")
        if failures:
            raise failures.pop()
        return io.BytesIO(JETS)

    monkeypatch.setattr(download.fsspec, "open", opened)
    download.fetch("root://eos.example.org//store/a.npz", tmp_path / "a.npz", "sha256", SHA256)
    assert (tmp_path / "a.npz").read_bytes() == JETS
    assert not failures
    for missing in ([OSError("expired")] * 2, [FileNotFoundError("no such file")]):
        failures += missing
        with pytest.raises(InputError, match=r"a\.npz: found no answer \("):
            download.fetch("root://eos.example.org//store/a.npz", tmp_path / "b.npz", "md5", MD5)
        assert not failures


def test_missing_xrootd_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    if importlib.util.find_spec("fsspec_xrootd"):
        pytest.skip("it is installed")
    with pytest.raises(InputError, match=r"(?s)found no XRootD .*Hint: pip install fsspec-xrootd"):
        download.fetch("root://eos.example.org//a.npz", tmp_path / "a.npz", "md5", MD5)
    assert list(tmp_path.iterdir()) == []
