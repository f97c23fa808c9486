"""What the profiles promise about GPUs."""

import pytest
from conftest import REPO
from snakemake.cli import parse_args


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)  # where profiles/default is looked for


def test_one_machine_trains_one_model_at_a_time_unless_told_otherwise() -> None:
    _, settings = parse_args(["--cores", "8"])
    assert settings.resources["gpu"].value == 1
    _, settings = parse_args(["--cores", "8", "--resources", "gpu=4"])
    assert settings.resources["gpu"].value == 4


def test_on_slurm_the_limit_of_one_machine_does_not_hold_for_the_cluster() -> None:
    _, settings = parse_args(["--profile", "profiles/slurm"])
    assert settings.executor == "slurm"
    assert settings.set_resource_scopes["gpu"] == "local"
