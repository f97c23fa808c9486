"""Features in prepared samples, by name."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from oddjet.common.errors import InputError
from oddjet.estimate.feature_files import names_of


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
