"""Features read from prepared samples."""

from pathlib import Path

import h5py
import numpy as np

from oddjet.estimate import feature_files


def sample(path: Path, jets: int) -> Path:
    """A prepared sample with the features `pt`, 0, 1, ..., and `mass`, 100 more."""
    with h5py.File(path, "w") as file:
        for name, first in (("pt", 0), ("mass", 100)):
            file[f"features/{name}"] = np.arange(first, first + jets, dtype=np.float32)
    return path


def test_features_are_divided_into_control_the_other_normal_jets_and_tests(tmp_path: Path) -> None:
    normal, test = sample(tmp_path / "normal.h5", 4), sample(tmp_path / "low.h5", 2)
    with h5py.File(normal, "a") as file:
        file["control"] = np.array([False, True, False, True])
    parts = feature_files.read_parts(normal, {"low": test}, ["mass", "pt"])
    assert {part: values.tolist() for part, values in parts.items()} == {
        "normal_train": [[100, 0], [102, 2]],
        "normal_control": [[101, 1], [103, 3]],
        "low": [[100, 0], [101, 1]],
    }


def test_excluded_features_are_not_named(tmp_path: Path) -> None:
    path = sample(tmp_path / "normal.h5", 1)
    assert feature_files.names_of(path, ["mass"]) == ["pt"]


def test_lengths_that_were_scaled_are_angles(tmp_path: Path) -> None:
    path = sample(tmp_path / "normal.h5", 1)
    with h5py.File(path, "a") as file:
        file.attrs.update(momentum_unit="pixel units", length_unit="pixels")
    assert feature_files.units_of(path) == ("pixel units", "pixels")
    assert feature_files.units_of(path, scaled=True) == ("pixel units", "rad")
