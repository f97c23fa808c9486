"""The course's files in the real workflow: asked for when they are needed, and never again."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

REPO = Path(__file__).resolve().parents[2]
EVENTS = {"Normal_data.npz": 60, "T1/Test_data_low.npz": 20, "T1/Test_data_high.npz": 20}
TARGETS = [f"results/raw/T1/{Path(file).name}" for file in EVENTS]


class Course(ThreadingHTTPServer):
    """The course's site on 127.0.0.1; its first answer for each file breaks off in the middle."""

    def __init__(self, directory: Path) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(directory)))
        self.config = {
            "samples": {"course": "T1"},
            "course_url": f"http://127.0.0.1:{self.server_port}/",
        }

    def run_workflow(self, directory: Path, *targets: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake in `directory` for the targets."""
        (directory / "config.yaml").write_text(yaml.safe_dump(self.config))
        command = [sys.executable, "-m", "snakemake", *targets, "-s", str(REPO / "Snakefile")]
        command += ["--directory", str(directory), "--cores", "2"]
        command += ["--configfile", str(directory / "config.yaml")]
        return subprocess.run(command, capture_output=True, text=True)


class Handler(SimpleHTTPRequestHandler):
    server: Course

    def parse_request(self) -> bool:
        parsed = super().parse_request()
        self.server.asked.append(f"{self.command} {self.path}")
        return parsed

    def copyfile(self, source: Any, outputfile: Any) -> None:
        """Send the file; 100 bytes alone where it is asked for the first time."""
        first = self.server.asked.count(f"{self.command} {self.path}") == 1
        outputfile.write(source.read(100 if first else -1))

    def log_message(self, format: str, *args: object) -> None:
        """Be quiet."""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "site" / "T1").mkdir(parents=True)
    for seed, (file, events) in enumerate(EVENTS.items()):
        images = np.random.default_rng(seed).random((events, 16, 16))
        np.savez_compressed(tmp_path / "site" / file, data=images)
    with Course(tmp_path / "site") as course:
        yield course


def test_the_three_files_arrive_whole_and_need_no_server_afterwards(
    course: Course, tmp_path: Path
) -> None:
    threading.Thread(target=course.serve_forever, args=(0.02,), daemon=True).start()
    first = course.run_workflow(tmp_path, *TARGETS)
    course.shutdown()
    course.server_close()
    assert first.returncode == 0, first.stderr
    for file, target in zip(EVENTS, TARGETS, strict=True):
        assert (tmp_path / target).read_bytes() == (tmp_path / "site" / file).read_bytes()
    assert sorted(course.asked) == sorted(f"GET /{file}" for file in 2 * list(EVENTS))

    again = course.run_workflow(tmp_path, *TARGETS)
    assert again.returncode == 0, again.stderr
    assert "Nothing to be done" in again.stderr


def test_a_server_out_of_reach_ends_in_a_hint_and_leaves_no_file(
    course: Course, tmp_path: Path
) -> None:
    course.server_close()
    done = course.run_workflow(tmp_path, TARGETS[0])
    assert done.returncode != 0
    assert f"{course.config['course_url']}Normal_data.npz: found no answer" in done.stderr
    assert "Hint:" in done.stderr
    raw = tmp_path / "results" / "raw"
    assert [file for file in raw.rglob("*") if file.is_file()] == []
