"""What `snakemake simulate` makes in each layout."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import REPO, snakemake_arguments
from planning import ask

STUDIES = sorted((REPO / "config" / "studies" / "inputs").glob("*.yaml"))


def made(simulation: dict[str, Any], place: Path) -> dict[str, list[str]]:
    """The files below results/simulation that would be made, by rule."""
    line = snakemake_arguments(
        *("simulate", "--detailed-summary", "--quiet"),
        config={"simulation": simulation},
        directory=place,
        snakefile=REPO / "Snakefile",
    )
    printed = ask(line, place)
    table = printed[printed.index("output_file\t") :]
    found: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t"):
        file = row["output_file"].removeprefix("results/simulation/")
        found.setdefault(row["rule"], []).append(file)
    return {rule: sorted(files) for rule, files in found.items()}


def test_images_are_mixed_from_batches_of_qcd_and_top_jets(tmp_path: Path) -> None:
    tests = {"low": {"events": 100, "fraction": 0.3}}
    assert made({"normal": 200, "tests": tests}, tmp_path) == {
        "simulate_jets": [f"batches/{name}.h5" for name in ("qcd_0", "qcd_1", "top_0")],
        "mix_samples": ["Normal_data.npz", "Test_data_low.npz", "truth.npz"],
    }


@pytest.mark.parametrize(
    ("layout", "background", "signal"),
    [("constituents", "qcd", "top"), ("calorimeter", "gluon", "quark")],
)
def test_jets_of_two_processes_are_labelled_in_one_file(
    layout: str, background: str, signal: str, tmp_path: Path
) -> None:
    processes = {background: 251, signal: 1}
    assert made({"layout": layout, "processes": processes}, tmp_path) == {
        "simulate_jets": [
            f"batches/{name}.h5" for name in (f"{background}_0", f"{background}_1", f"{signal}_0")
        ],
        "label_jets": [f"{layout}.h5"],
    }


def test_events_of_each_process_are_joined_in_a_file_of_its_own(tmp_path: Path) -> None:
    processes = {"zero_bias": 500, "ttbar": 250}
    assert made({"layout": "events", "processes": processes}, tmp_path) == {
        "simulate_events": [
            f"batches/events/{name}.h5" for name in ("ttbar_0", "zero_bias_0", "zero_bias_1")
        ],
        "join_events": ["ttbar.h5", "zero_bias.h5"],
    }


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_configuration_of_each_shipped_input_can_be_simulated(study: Path, tmp_path: Path) -> None:
    assert made(yaml.safe_load(study.read_text("utf-8"))["simulation"], tmp_path)
