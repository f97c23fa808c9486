"""Samples that lie elsewhere: fetched once, taken out of their archive, prepared, or refused."""

import csv
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import NORMAL, TINY, jets
from test_course import Course


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """A server with an archive of two samples; what it sends breaks off at first."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    (tmp_path / "site").mkdir()
    np.savez(tmp_path / "normal.npz", x=jets(NORMAL))
    np.save(tmp_path / "low.npy", jets(40, tops=12, seed=2))
    with zipfile.ZipFile(tmp_path / "site" / "jets.zip", "w") as archive:
        for name in ("normal.npz", "low.npy"):
            archive.write(tmp_path / name, f"study/{name}")
    checksum = hashlib.sha256((tmp_path / "site" / "jets.zip").read_bytes()).hexdigest()
    with Course(tmp_path / "site") as site:
        there = {"url": f"http://127.0.0.1:{site.server_port}/jets.zip", "sha256": checksum}
        samples = {
            "normal": there | {"member": "study/normal.npz"},
            "tests": {"low": there | {"member": "study/low.npy"}},
        }
        site.config = TINY | {"samples": samples}
        threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
        yield site
        site.shutdown()


def test_an_archive_of_two_samples_is_fetched_once_and_needs_no_server_afterwards(
    site: Course, tmp_path: Path
) -> None:
    target = "results/tables/samples.csv"
    first = site.run_workflow(tmp_path, target)
    assert first.returncode == 0, first.stderr
    assert site.asked == ["GET /jets.zip"] * 2  # the first of which broke off
    with open(tmp_path / "results" / "tables" / "sources.csv", newline="") as file:
        listed = {row["sample"]: row for row in csv.DictReader(file)}
    for sample, name in (("normal", "normal.npz"), ("low", "low.npy")):
        assert (tmp_path / listed[sample]["file"]).read_bytes() == (tmp_path / name).read_bytes()
    again = site.run_workflow(tmp_path, target)
    assert "Nothing to be done" in again.stderr
    assert len(site.asked) == 2


def test_another_checksum_ends_in_an_error_that_names_both_and_leaves_no_file(
    site: Course, tmp_path: Path
) -> None:
    found, wanted = site.config["samples"]["normal"]["sha256"], "0" * 64
    site.config["samples"]["normal"]["sha256"] = wanted
    done = site.run_workflow(tmp_path, "results/prepared/shared/normal.h5")
    assert done.returncode != 0
    assert f"of sha256 {found}; expected sha256 {wanted}.\nHint:" in done.stderr
    fetched = tmp_path / "results" / "raw" / "fetched"
    assert [file for file in fetched.rglob("*") if file.is_file()] == []
