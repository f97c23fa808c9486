"""No result stands that was made from another raw file, however alike the dates are."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import EACH_TEST, TINY, WholeRun, jets, run_workflow, write_tiny_samples
from test_dag import restored


def write_h5(file: Path, images: np.ndarray) -> None:
    with h5py.File(file, "w") as opened:
        opened["x"] = images


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "zip.npz": lambda file, images: np.savez(file, x=images),
    "plain.npy": np.save,
    "linked.npy": np.save,  # behind a symbolic link
    "part.h5": write_h5,  # the source of a virtual dataset
}
TESTS = {
    "zip": "raw/zip.npz",
    "plain": "raw/plain.npy",
    "linked": "raw/link.npy",
    "virtual": "raw/virtual.h5",
    "many": "raw/many_*.npy",
}


def config(**more: Any) -> dict[str, Any]:
    tests = {name: {"file": file} for name, file in TESTS.items()}
    return TINY | {"samples": {"normal": TINY["samples"]["normal"], "tests": tests}} | more


def said(directory: Path, *arguments: str) -> str:
    """What Snakemake says of a dry run to the table of checked samples."""
    target = ("--dry-run", *arguments, "results/tables/samples.csv")
    done = run_workflow(*target, config=config(), directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared samples of several formats, and in new/ other files of the same sizes and dates."""
    directory = tmp_path_factory.mktemp("stale")
    write_tiny_samples(directory)
    for folder, seed in (("raw", 5), ("new", 6)):
        (directory / folder).mkdir(exist_ok=True)
        for name, write in WRITERS.items():
            write(directory / folder / name, jets(EACH_TEST, seed=seed))
            os.utime(directory / folder / name, (10**9, 10**9))
    for number, half in enumerate(np.split(jets(EACH_TEST, seed=7), 2)):
        np.save(directory / "raw" / f"many_{number}.npy", half)
    (directory / "raw" / "link.npy").symlink_to("linked.npy")
    layout = h5py.VirtualLayout((EACH_TEST, 16, 16), "f4")
    layout[:] = h5py.VirtualSource("part.h5", "x", layout.shape)
    with h5py.File(directory / "raw" / "virtual.h5", "w") as opened:
        opened.create_virtual_dataset("x", layout)
    done = run_workflow("results/tables/samples.csv", config=config(), directory=directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


def test_nothing_is_prepared_twice_even_from_files_of_the_future(prepared: Path) -> None:
    assert "Nothing to be done" in said(prepared)
    raw = prepared / "raw" / "plain.npy"
    stat = raw.stat()
    os.utime(raw, (time.time() + 10**8, time.time() + 10**8))
    assert "Nothing to be done" in said(prepared)
    assert "Nothing to be done" in said(prepared, "--workflow-profile", "none")
    os.utime(raw, (stat.st_atime, stat.st_mtime))


@pytest.mark.parametrize("name", WRITERS)
def test_another_file_of_the_same_size_and_date_is_prepared(name: str, prepared: Path) -> None:
    raw, new = prepared / "raw" / name, prepared / "new" / name
    assert raw.stat().st_size == new.stat().st_size
    assert raw.stat().st_mtime == new.stat().st_mtime
    test = name.split(".")[0].replace("part", "virtual")
    with restored(raw):
        shutil.copy2(new, raw)
        assert f"Preparing test {test} (shared)" in said(prepared)
    assert "Nothing to be done" in said(prepared)


def test_a_link_that_points_elsewhere_is_followed(prepared: Path) -> None:
    link = prepared / "raw" / "link.npy"
    for target, expected in (
        ("../new/linked.npy", "Preparing test linked (shared)"),
        ("linked.npy", "Nothing to be done"),
    ):
        link.unlink()
        link.symlink_to(target)
        assert expected in said(prepared)


def test_a_file_that_is_added_goes_or_takes_another_place_changes_its_sample_alone(
    prepared: Path,
) -> None:
    first, more = (prepared / "raw" / f"many_{number}.npy" for number in (0, 2))
    with restored(first):
        shutil.copy2(first, more)
        added = said(prepared)
        first.unlink()
        replaced = said(prepared)  # the same files in another order
        more.unlink()
        gone = said(prepared)
    for found in (added, replaced, gone):
        assert "Preparing test many (shared)" in found
        assert not any(f"Preparing test {name}" in found for name in set(TESTS) - {"many"})
    assert "Nothing to be done" in said(prepared)


def test_without_the_default_profile_finished_trainings_stay_and_a_line_says_what_may_not(
    whole_run: WholeRun,
) -> None:
    done = whole_run.run("--dry-run", "--workflow-profile", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("Finished work may be repeated") == 1
    done = whole_run.run("--dry-run")
    assert "may be repeated" not in done.stdout + done.stderr
