"""Features in prepared samples, by name."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from oddjet.common.errors import InputError
from oddjet.estimate.feature_files import names_of, read_parts, units_of


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "normal.h5", "w") as file:
        for name in ("mass", "pt", "width"):
            file[f"features/{name}"] = np.zeros(3)
    return tmp_path / "normal.h5"


def test_excluded_features_are_left_out(prepared: Path) -> None:
    assert names_of(prepared, ["pt"]) == ["mass", "width"]


@pytest.mark.parametrize(
    ("exclude", "words"),
    [
        (["pt", "maas"], ["found maas", "mass, pt, width", "did you mean mass?"]),
        (["energy"], ["found energy", "Hint:"]),
        (["mass", "pt", "width"], ["found all features", "leave at least one in"]),
    ],
)
def test_a_feature_that_is_none_and_none_left_are_said(
    prepared: Path, exclude: list[str], words: list[str]
) -> None:
    with pytest.raises(InputError) as raised:
        names_of(prepared, exclude)
    for word in ("features.exclude", *words):
        assert word in str(raised.value)


def sample(path: Path, jets: int) -> Path:
    """A prepared sample with the features `pt`, 0, 1, ..., and `mass`, 100 more."""
    with h5py.File(path, "w") as file:
        file["event"] = np.arange(jets)
        for name, first in (("pt", 0), ("mass", 100)):
            file[f"features/{name}"] = np.arange(first, first + jets, dtype=np.float32)
    return path


def test_features_are_divided_into_control_the_other_normal_jets_and_tests(tmp_path: Path) -> None:
    normal, test = sample(tmp_path / "normal.h5", 4), sample(tmp_path / "low.h5", 2)
    with h5py.File(normal, "a") as file:
        file["control"] = np.array([False, True, False, True])
    parts = read_parts(normal, {"low": test}, ["mass", "pt"])
    assert {part: values.tolist() for part, values in parts.items()} == {
        "normal_train": [[100, 0], [102, 2]],
        "normal_control": [[101, 1], [103, 3]],
        "low": [[100, 0], [101, 1]],
    }


def test_lengths_that_were_scaled_are_angles(tmp_path: Path) -> None:
    path = sample(tmp_path / "normal.h5", 1)
    with h5py.File(path, "a") as file:
        file.attrs.update(momentum_unit="pixel units", length_unit="pixels")
    assert units_of(path) == ("pixel units", "pixels")
    assert units_of(path, scaled=True) == ("pixel units", "rad")
