"""Which pieces of a sample are read anew, and that a piece that fails is."""

import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import REPO, TINY, WholeRun, jets
from test_dag import Made, plan

from oddjet.planning.configuration import in_pieces

PREPARED = "prepared/shared/normal.h5"
CONFIG = deepcopy(TINY)
CONFIG["samples"]["normal"] = {"file": "raw/normal_*.npy", "pieces": "files"}
CONFIG["samples"]["tests"] = {"low": {"file": "raw/low.npy", "pieces": 2}}
CROP = "prepared/shared/crop.h5"
JOIN: Made = {("measure_crop", CROP), ("prepare_normal", PREPARED)}


def reading(*files: str) -> Made:
    pieces = in_pieces({"file": [f"raw/{file}" for file in files], "pieces": "files"})
    return {("read_normal_piece", f"prepared/pieces/normal/{piece}.h5") for piece in pieces}


@dataclass(frozen=True)
class Mended:
    """A run in which one of three pieces failed; what was pending when its file was mended."""

    run: WholeRun
    said: str
    pending: Made


def pending(run: WholeRun, directory: Path, config: Mapping[str, Any] = CONFIG) -> Made:
    return plan(run, config, directory, targets=[f"results/{PREPARED}"]).pending


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Mended:
    place = tmp_path_factory.mktemp("pieces")
    raw = place / "raw"
    raw.mkdir()
    np.save(raw / "low.npy", jets(40, 12, seed=9))
    for number in range(3):
        np.save(raw / f"normal_{number}.npy", jets(60, seed=number))
    whole = (raw / "normal_1.npy").read_bytes()
    (raw / "normal_1.npy").write_bytes(whole[:5000])
    run = WholeRun(place, REPO)
    failed = run.run(f"results/{PREPARED}", "--keep-going", config=CONFIG)
    assert failed.returncode != 0
    (raw / "normal_1.npy").write_bytes(whole)
    left = pending(run, place)
    done = run.run(f"results/{PREPARED}", config=CONFIG)
    assert done.returncode == 0, done.stdout + done.stderr
    return Mended(run, failed.stdout + failed.stderr, left)


def test_a_piece_that_failed_says_why_and_is_read_again_alone(mended: Mended) -> None:
    assert "normal_1.npy: found a truncated or damaged" in mended.said
    assert mended.pending == reading("normal_1.npy") | JOIN


def test_files_that_are_added_or_changed_are_read_alone_wherever_they_come_in_the_order(
    mended: Mended, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(mended.run.directory, tmp_path / "run"))
    np.save(place / "raw/normal_0b.npy", jets(60, seed=5))
    np.save(place / "raw/normal_2.npy", jets(60, seed=6))
    assert pending(mended.run, place) == reading("normal_0b.npy", "normal_2.npy") | JOIN


def test_another_division_and_deleted_pieces_prepare_nothing_anew(
    mended: Mended, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(mended.run.directory, tmp_path / "run"))
    shutil.rmtree(place / "results/prepared/pieces")
    assert pending(mended.run, place) == set()
    config = deepcopy(CONFIG)
    config["samples"]["normal"]["pieces"] = 5
    assert pending(mended.run, place, config) == set()


TEST = "prepared/shared/tests/low.h5"
TEST_PIECES = {("read_piece", f"prepared/pieces/low/{number}_of_2.h5") for number in (1, 2)}


def test_the_pieces_of_a_test_are_jobs_of_their_own(
    mended: Mended,
) -> None:
    found = plan(mended.run, CONFIG, targets=[f"results/{TEST}"])
    assert found.pending == TEST_PIECES | {("prepare_test", TEST)}


@pytest.mark.parametrize(
    ("crop", "pieces", "waited_for"),
    [
        ("auto", 3, {"measure_crop"}),
        ("auto", 1, {"prepare_normal"}),
        (12, 3, set()),
        (None, 1, set()),
    ],
)
def test_a_test_waits_for_the_crop_alone_and_for_nothing_where_it_is_given(
    mended: Mended, tmp_path: Path, crop: int | str | None, pieces: int, waited_for: set[str]
) -> None:
    shutil.copytree(mended.run.directory / "raw", tmp_path / "raw")
    config = deepcopy(CONFIG) | {"preprocessing": {"crop": crop}}
    config["samples"]["normal"]["pieces"] = pieces
    found = plan(mended.run, config, tmp_path, targets=[f"results/{TEST}"])
    rules = {rule for rule, _ in found.pending}
    assert rules & {"measure_crop", "prepare_normal"} == waited_for


def test_the_crop_that_was_measured_on_pieces_stays_that_of_the_tests_without_them(
    mended: Mended,
) -> None:
    config = deepcopy(CONFIG)
    del config["samples"]["normal"]["pieces"]
    found = plan(mended.run, config, targets=[f"results/{TEST}"])
    assert ("measure_crop", CROP) in found.everything - found.pending
    assert ("prepare_normal", PREPARED) not in found.everything
