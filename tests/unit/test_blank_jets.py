"""Rows that hold no jet are left out, everywhere alike, and counted."""

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import IMAGES, SIZE, jets

from oddjet.common.errors import InputError
from oddjet.prepare.samples import check_together, prepare_normal, prepare_test, prepare_truth
from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.prepare.splits import control_mask

STEPS = {"centre": True, "rotate": True, "flip": True, "crop": None, "size": None}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}


def prepared(
    directory: Path,
    normal: np.ndarray,
    test: np.ndarray,
    steps: dict[str, Any] = STEPS,
    like: bool = False,
    images: dict[str, Any] = IMAGES,
) -> list[Path]:
    """Prepare two samples, perhaps with the jets of what lies in `directory` already."""
    paths = [directory / ("as_" * like + name) for name in ("normal.h5", "test.h5")]
    shared = [directory / name if like else None for name in ("normal.h5", "test.h5")]
    for name, values in (("normal", normal), ("test", test)):
        np.save(directory / f"{name}.npy", values)
    files = [{"file": str(directory / f"{name}.npy")} for name in ("normal", "test")]
    prepare_normal(files[0], images, paths[0], steps, SPLIT, like=shared[0])
    prepare_test(files[1], images, paths[1], steps, paths[0], like=shared[1])
    return paths


def listed(paths: list[Path]) -> list[dict[str, Any]]:
    return check_together(paths[0], {"test": paths[1]}, [["n.npy"], ["t.npy"]], 0.2, 29, 0.1)


def read(path: Path, name: str) -> np.ndarray:
    with h5py.File(path) as file:
        return file[name][:]


def far_apart(events: int) -> np.ndarray:
    """Jets of two prongs in opposite corners, with nothing in the middle."""
    images = np.zeros((events, SIZE, SIZE), np.float32)
    images[:, [0, -1], [0, -1]] = np.random.default_rng(5).uniform(1, 1.01, (events, 1))
    return images


def test_blank_rows_are_left_out_of_both_samples_and_counted(tmp_path: Path) -> None:
    normal, test = jets(120), jets(60, seed=1)
    normal[10:13], test[::6] = 0, 0
    test[6] = 0.25  # a pedestal alone is no jet either
    paths = prepared(tmp_path, normal, test)
    np.testing.assert_array_equal(read(paths[1], "event"), np.setdiff1d(range(60), range(0, 60, 6)))
    np.testing.assert_array_equal(read(paths[1], "left_out"), range(0, 60, 6))
    for path in paths:
        events = len(read(path, "event"))
        with h5py.File(path) as file:
            assert np.diff(SparseFile(file).read().offsets).min() > 0
        assert {len(read(path, name)) for name in ("digest", "features/pt")} == {events}
    np.testing.assert_array_equal(
        read(paths[0], "control"), control_mask(120, 0.5, 0)[read(paths[0], "event")]
    )
    rows = listed(paths)
    assert [(row["events"], row["blank"]) for row in rows] == [(117, 3), (50, 10)]
    assert "10 rows are blank and left out" in rows[1]["warnings"]
    assert "16.7% of the rows of test hold no jet" in rows[1]["reasons"]
    assert rows[0]["reasons"] == ""


def test_blank_rows_change_nothing_of_the_others(tmp_path: Path) -> None:
    normal, test = jets(120), jets(40, seed=1)
    with_blank = np.insert(test, [0, 7, 40], 0, axis=0)
    (tmp_path / "b").mkdir()
    paths, others = (
        prepared(tmp_path, normal, test)[1],
        prepared(tmp_path / "b", normal, with_blank)[1],
    )
    for name in ("offsets", "pixels", "values", "digest", "features/mass"):
        np.testing.assert_array_equal(read(paths, name), read(others, name))


def test_truth_belongs_to_the_jets_that_are_left(tmp_path: Path) -> None:
    test = jets(60, seed=1)
    test[::6] = 0
    labels = np.arange(60) % 2
    np.save(tmp_path / "truth.npy", labels)
    paths = prepared(tmp_path, jets(120), test)
    prepare_truth({"file": str(tmp_path / "truth.npy")}, paths[1], tmp_path / "truth.h5")
    np.testing.assert_array_equal(
        read(tmp_path / "truth.h5", "label"), labels[read(paths[1], "event")]
    )


def test_jets_that_the_crop_empties_are_left_out(tmp_path: Path) -> None:
    test = np.concatenate([jets(40, seed=1), far_apart(5)])
    paths = prepared(tmp_path, jets(120), test, STEPS | {"crop": 8})
    np.testing.assert_array_equal(read(paths[1], "left_out"), range(40, 45))
    row = listed(paths)[1]
    assert (row["events"], row["blank"], row["emptied"]) == (40, 0, 5)
    assert "5 jets that the crop empties are left out" in row["warnings"]
    assert "hold no jet" in row["reasons"]


def test_every_preparation_keeps_the_same_jets(tmp_path: Path) -> None:
    normal, test = jets(120), np.concatenate([jets(40, seed=1), far_apart(5)])
    normal[3] = 0
    whole = STEPS | {"rotate": False}
    cropped = whole | {"crop": 8}
    shared = prepared(tmp_path, normal, test, cropped)
    others = prepared(tmp_path, normal, test, whole, like=True)
    for one, other in zip(shared, others, strict=True):
        np.testing.assert_array_equal(read(one, "event"), read(other, "event"))
    np.testing.assert_array_equal(read(shared[0], "control"), read(others[0], "control"))
    assert len(read(shared[1], "event")) == 40
    prepared(tmp_path, normal, test, whole)  # the crop is that of another model now
    with pytest.raises(InputError, match=r"(?s)empties event 40.*larger models.NAME"):
        prepared(tmp_path, normal, test, cropped, like=True)


@pytest.mark.parametrize("layout", ["channels_last", "constituents"])
def test_a_sample_without_a_jet_is_refused(tmp_path: Path, layout: str) -> None:
    shape = (20, 5, 4) if layout == "constituents" else (20, SIZE, SIZE)
    settings = IMAGES | {"layout": layout}
    with pytest.raises(InputError, match="no jet among 20 rows"):
        prepared(tmp_path, np.zeros(shape), np.zeros(shape), images=settings)
    if layout == "channels_last":
        with pytest.raises(InputError, match="5 jets that a crop to 8 pixels leaves empty"):
            prepared(tmp_path, jets(120), far_apart(5), STEPS | {"crop": 8})


def test_empty_jets_of_constituents_are_left_out(tmp_path: Path) -> None:
    pt, phi = np.random.default_rng(0).uniform(1, 50, (2, 160, 10))
    parts = [pt, pt * np.cos(phi / 100), pt * np.sin(phi / 100), 0 * pt]
    vectors = np.stack(parts, axis=-1)
    vectors[125:130] = 0
    settings = IMAGES | {"layout": "constituents"}
    paths = prepared(tmp_path, vectors[:120], vectors[120:], images=settings)
    np.testing.assert_array_equal(read(paths[1], "left_out"), range(5, 10))
    assert read(paths[1], "constituents").shape == (35, 10, 4)


def test_jets_of_one_pixel_are_kept_and_more_of_them_than_normal_are_doubted(
    tmp_path: Path,
) -> None:
    spots = np.zeros((6, SIZE, SIZE), np.float32)
    spots[np.arange(6), np.arange(6), 3] = np.arange(1, 7)
    test = np.concatenate([jets(40, seed=1), spots])
    row = listed(prepared(tmp_path, jets(120), test))[1]
    assert (row["events"], row["one_pixel"]) == (46, 6)
    assert "13.0% of the jets of test are one lit pixel, of normal 0.0%" in row["reasons"]
    normal = np.concatenate([jets(120), *[spots * 1.1**n for n in range(4)]])
    row = listed(prepared(tmp_path, normal, test))[1]
    assert (row["one_pixel"], row["reasons"]) == (6, "")


def test_one_place_in_several_channels_is_one_pixel() -> None:
    images = np.zeros((4, 2, 8, 8), np.float32)
    images[1, :, 3, 4] = 1
    images[2, 0, 3, 4] = images[2, 1, 4, 4] = 1
    images[3, 0, 0, 0] = 1
    found = SparseImages.from_dense(images)
    assert found.one_place().tolist() == [False, True, False, True]
    assert found.constant().tolist() == [True, False, False, False]


def test_copies_within_and_between_samples_are_counted(tmp_path: Path) -> None:
    normal, test = jets(120), jets(40, seed=1)
    normal[5], test[:8] = normal[6], normal[20:28]
    one, other = listed(prepared(tmp_path, normal, test))
    assert (one["repeated"], one["shared"], other["repeated"], other["shared"]) == (1, 8, 0, 8)
    assert "1 jets are copies" in one["warnings"]
    said = r"8 jets are in another sample too \(8 in .*\.npy and .*\.npy\): each belongs to one"
    assert all(re.search(said, row["warnings"]) for row in (one, other))
    assert one["reasons"] == ""
    assert other["reasons"].startswith("8 jets of test are normal jets too")


def test_a_test_that_shares_a_few_jets_in_a_thousand_with_the_normal_ones_stays_sound(
    tmp_path: Path,
) -> None:
    normal, test = jets(120), jets(1000, seed=1)
    test[:3] = normal[20:23]
    assert listed(prepared(tmp_path, normal, test))[1]["reasons"] == ""


def test_a_few_copies_in_a_thousand_are_counted_alone(tmp_path: Path) -> None:
    normal = jets(1000)
    normal[1] = normal[0]
    row = listed(prepared(tmp_path, normal, jets(40, seed=1)))[0]
    assert (row["repeated"], row["warnings"]) == (1, "")


def test_what_is_said_of_samples_survives_the_table(tmp_path: Path) -> None:
    from oddjet.common import messages, tables

    test = jets(40, seed=1)
    test[3] = 0
    tables.write(
        pd.DataFrame(listed(prepared(tmp_path, jets(120), test))), tmp_path / "samples.csv"
    )
    rows = tables.read(tmp_path / "samples.csv").to_dict("records")
    assert messages.warnings(rows, []) == ["test (t.npy): 1 rows are blank and left out"]
