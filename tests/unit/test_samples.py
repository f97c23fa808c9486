"""Prepared samples: preprocessed alike, the crop measured on normal jets that may train."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import IMAGES, jets, write_tiny_samples

from oddjet.common.errors import InputError
from oddjet.prepare import samples
from oddjet.prepare.features import image_features
from oddjet.prepare.preprocessing import crop_curve, preprocess, smallest_crop
from oddjet.prepare.samples import check_together, prepare_known_truth, prepare_normal, prepare_test
from oddjet.prepare.sparse import SparseFile, SparseImages

STEPS: dict[str, Any] = {
    "centre": True,
    "rotate": True,
    "flip": True,
    "crop": "auto",
    "size": 8,
    "unit_sum": True,
    "power": 1.0,
    "log": 0,
}
OFF = dict.fromkeys(("centre", "rotate", "flip", "unit_sum"), False)
OFF |= {"crop": None, "size": None, "power": 1.0, "log": 0}
FILES = [["raw/normal.npz"], ["raw/low.npz"]]
SPLIT = {"control": 0.3, "seed": 0}


def prepare(directory: Path, steps: dict[str, Any], pixels: np.ndarray | None = None) -> list[Path]:
    """Prepare the normal sample and the test `low`, whose images may be given."""
    raw = write_tiny_samples(directory)
    if pixels is not None:
        np.savez_compressed(raw / "low.npz", test_data=pixels)
    paths = [directory / name for name in ("normal.h5", "low.h5")]
    prepare_normal({"file": str(raw / "normal.npz")}, IMAGES, paths[0], steps, SPLIT)
    prepare_test({"file": str(raw / "low.npz")}, IMAGES, paths[1], steps, paths[0])
    return paths


def read(path: Path) -> np.ndarray:
    with h5py.File(path) as file:
        return SparseFile(file).read().dense()


def test_with_every_step_off_images_are_stored_as_they_are(tmp_path: Path) -> None:
    for path, name in zip(prepare(tmp_path, OFF), ("normal", "low"), strict=True):
        raw = np.load(tmp_path / f"raw/{name}.npz")
        images = raw[raw.files[0]]
        np.testing.assert_array_equal(read(path)[:, 0], images)
        with h5py.File(path) as file:
            assert "crop" not in file.attrs


def test_sum_and_lit_pixels_of_raw_images_are_kept_beside_what_the_preprocessing_leaves(
    tmp_path: Path,
) -> None:
    for path, name in zip(prepare(tmp_path, STEPS), ("normal", "low"), strict=True):
        raw = np.load(tmp_path / f"raw/{name}.npz")
        images = raw[raw.files[0]].astype(np.float64)
        with h5py.File(path) as file:
            # stored in single precision
            np.testing.assert_allclose(file["features/pt"][:], images.sum((1, 2)), rtol=1e-6)
            lit = file["features/lit_pixels"][:]
            np.testing.assert_array_equal(lit, (images > 0).sum((1, 2)))


def test_tests_are_cropped_as_the_normal_jets_outside_the_control_part(tmp_path: Path) -> None:
    wide = jets(9, tops=9)
    normal, test = prepare(tmp_path, STEPS, wide)
    images = np.load(tmp_path / "raw/normal.npz")["normal_data"][:, None]
    with h5py.File(normal) as file:
        crop, control = int(file.attrs["crop"]), file["control"][:]
    outside = SparseImages.from_dense(images[~control])
    assert crop == max(8, smallest_crop([outside], STEPS))  # 8: the least that a model takes
    expected = preprocess(SparseImages.from_dense(wide[:, None]), STEPS, crop)
    np.testing.assert_array_equal(read(test), expected.dense())


def test_the_crop_curve_is_that_of_the_first_jets_that_are_lit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "CURVE_JETS", 50)
    write_tiny_samples(tmp_path)
    raw = tmp_path / "raw/normal.npz"
    images = np.load(raw)["normal_data"]
    images[:30] = 0
    np.savez_compressed(raw, normal_data=images)
    prepare_normal({"file": str(raw)}, IMAGES, tmp_path / "normal.h5", STEPS, SPLIT)
    expected = crop_curve([SparseImages.from_dense(images[30:80, None])], STEPS)
    with h5py.File(tmp_path / "normal.h5") as file:
        for name, values in expected.items():
            np.testing.assert_array_equal(file[f"crop_curve/{name}"][:], values)


@pytest.mark.parametrize("held", [0, samples.HELD])
def test_features_of_each_jet_are_computed_once_though_the_crop_is_measured_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(samples, "HELD", held)  # 0: the raw file is read again
    computed = []

    def counted(some: SparseImages) -> dict[str, np.ndarray]:
        computed.append(len(some))
        return image_features(some)

    monkeypatch.setattr("oddjet.prepare.images.image_features", counted)
    raw = write_tiny_samples(tmp_path) / "normal.npz"
    prepare_normal({"file": str(raw)}, IMAGES, tmp_path / "normal.h5", STEPS, SPLIT)
    assert sum(computed) == len(np.load(raw)["normal_data"])


def test_a_bright_rim_in_the_control_part_does_not_widen_the_crop(tmp_path: Path) -> None:
    steps = STEPS | {"centre": False, "rotate": False}
    normal, _ = prepare(tmp_path, steps)
    with h5py.File(normal) as file:
        crop, control = file.attrs["crop"], file["control"][:]
    raw = tmp_path / "raw/normal.npz"
    images = np.load(raw)["normal_data"]
    images[control, 0, 0] += 100
    np.savez_compressed(raw, normal_data=images)
    prepare_normal({"file": str(raw)}, IMAGES, normal, steps, SPLIT)
    with h5py.File(normal) as file:
        assert file.attrs["crop"] == crop


def test_raw_images_of_another_shape_are_refused_though_the_crop_makes_them_alike(
    tmp_path: Path,
) -> None:
    normal, test = prepare(tmp_path, STEPS, jets(9, size=20))
    assert read(normal).shape[1:] == read(test).shape[1:]
    with pytest.raises(InputError, match=r"\(1, 20, 20\)"):
        check_together(normal, {"low": str(test)}, FILES, 0.2, 29, 0.1)


def test_fewer_pixels_than_a_model_takes_are_refused_before_any_training(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="7 x 7 pixels left by the preprocessing"):
        prepare(tmp_path, STEPS | {"crop": 7})


@pytest.mark.parametrize("label", [0, 1])
def test_a_known_label_is_stored_for_every_event_of_the_test(tmp_path: Path, label: int) -> None:
    _, test = prepare(tmp_path, STEPS)
    prepare_known_truth(label, test, tmp_path / "truth.h5")
    with h5py.File(test) as images, h5py.File(tmp_path / "truth.h5") as file:
        assert file["label"][:].tolist() == [label] * (len(images["offsets"]) - 1)
