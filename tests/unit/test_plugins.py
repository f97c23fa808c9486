"""Which modules a job loads by their names, besides those that its script imports."""

from pathlib import Path

import numpy as np
import pytest

from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.planning import plugins


@pytest.mark.parametrize(
    ("error", "losses"),
    [("mse", ["mse"]), ({"hellinger": 0.5, "fourth_root": 0.5}, ["hellinger", "fourth_root"])],
)
def test_a_model_loads_its_kind_and_every_error_that_is_added(
    error: str | dict[str, float], losses: list[str]
) -> None:
    assert plugins.of_model({"kind": "gan", "latent": 3}, error) == [
        "oddjet.train.models.gan",
        *(f"oddjet.train.losses.{name}" for name in losses),
    ]


def test_a_file_that_is_there_is_known_by_its_content_and_one_to_come_by_its_name(
    tmp_path: Path,
) -> None:
    there = tmp_path / "a.h5"
    with there.open("wb") as file:
        np.savez(file, x=np.ones(3))
    assert plugins.of_file(str(there), is_made=False) == ["oddjet.prepare.readers.npz"]
    to_come = str(tmp_path / "none.h5")
    assert plugins.of_file(to_come, is_made=True) == ["oddjet.prepare.readers.hdf5"]


def test_a_file_that_cannot_be_read_has_no_reader(tmp_path: Path) -> None:
    assert plugins.of_file(str(tmp_path / "none.npz"), is_made=False) == []
    assert plugins.of_file(str(tmp_path), is_made=False) == []
    (tmp_path / "text.npz").write_text("pt,eta,phi\n")
    assert plugins.of_file(str(tmp_path / "text.npz"), is_made=False) == []


@pytest.mark.parametrize(
    ("names", "folder"), [(ESTIMATORS, "estimators"), (CHECKS, "checks")], ids=["e", "c"]
)
def test_all_estimators_or_checks_are_loaded_however_often_they_are_asked_for(
    names: dict, folder: str
) -> None:
    # every job of a rule asks anew: what can be gone through once would name none to the second
    found = plugins.of_estimation(names, folder)
    for _ in range(2):
        assert list(found) == [f"oddjet.estimate.{folder}.{name}" for name in names]
