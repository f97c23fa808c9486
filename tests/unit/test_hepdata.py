"""The submission to HEPData, of tables made by hand."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import SCRIPTS

# in a process of its own: hepdata_lib uses what jsonschema has deprecated
MAKE = """
import sys
import matplotlib.image
import numpy as np
import pandas as pd
from oddjet.publish import hepdata

place, model = sys.argv[1:]
matplotlib.image.imsave("figure.png", np.zeros((50, 50, 3)))
picture = hepdata.Picture("figure.png", "figure", "A title", "Of ``x``,\\nin two lines.")
shared = {"model": model, "test": "/t: 1", "estimator": "joint", "believable": [True, False]}
numbers = {"upper_limit_95": [0.5, np.nan], "significance": [5.0, np.inf], "fpr_upper": 0.1}
summary = pd.DataFrame(shared | numbers | {
    "model": [model, "weak"], "fraction": [0.25, 0.5], "low_statistical": [0.24, 0.4],
    "high_statistical": [0.26, 0.7], "headline": [True, False], "false_positive_rate": 0.09,
})
budget = pd.DataFrame(
    [(one, "/t: 1", source, down, up) for one in (model, "weak")
     for source, down, up in (("test jets", 9, 9), ("overlap", 0, 0.03), ("seeds", 0.01, 0.01))],
    columns=["model", "test", "source", "down", "up"],
)
scores = {"normal_control": np.repeat([0.1, 0.2], [1234567, 3]), "/t: 1": np.array([0.1, 0.9])}
excess = pd.DataFrame({
    "model": model, "test": "/t: 1", "quantity": "mass", "low_edge": [0.0, 1.0],
    "high_edge": [1.0, 2.0], "density": [0.5, 0.25], "uncertainty": [0.1, 0.0],
})
tables = [
    hepdata.fractions_table(summary, budget, 0.68),
    hepdata.scores_table(1, model, "1", scores, np.array([0.0, 0.15, 0.3])),
    *hepdata.excess_tables(excess, {"mass": "mass", "width": "width"}, {"mass": "GeV"}),
    hepdata.roc_table(
        1, model, pd.DataFrame({"test": "all", "fpr": [0, 0.1], "tpr": [0, 0.9]}), "control jets"
    ),
]
pairs = [(table, picture) for table in tables]
hepdata.write(place, pairs, "What it is.", "CC-BY-4.0", {"A resource": "figure.png"})
"""


def make(folder: Path, model: str) -> Path:
    folder.mkdir()
    archive = folder / "hepdata.zip"
    command = [sys.executable, "-c", MAKE, str(archive), model]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir()} == {"hepdata.zip", "figure.png"}
    return archive


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict]]:
    """Every YAML file of a submission, by its name."""
    archive = make(tmp_path_factory.mktemp("made") / "here", 'a & "b" $')
    with zipfile.ZipFile(archive) as zipped:
        return {
            name: list(yaml.safe_load_all(zipped.read(name)))
            for name in zipped.namelist()
            if name.endswith(".yaml")
        }


def column(documents: dict[str, list[dict]], file: str, name: str) -> dict:
    (table,) = documents[file]
    (found,) = [one for one in table["dependent_variables"] if one["header"]["name"] == name]
    return found


def test_uncertainties_are_those_of_the_jets_and_of_each_source_in_the_total_interval(
    documents: dict[str, list[dict]],
) -> None:
    first, second = column(documents, "anomalous_fractions.yaml", "Anomalous fraction")["values"]
    assert first["value"] == 0.25
    assert first["errors"] == [
        {"label": "stat", "symerror": 0.01},
        {"label": "sys,overlap", "asymerror": {"minus": 0.0, "plus": 0.03}},
        {"label": "sys,seeds", "symerror": 0.01},
    ]
    assert second["errors"][0]["asymerror"] == {"minus": -0.1, "plus": 0.2}


def test_what_is_no_finite_number_is_missing(documents: dict[str, list[dict]]) -> None:
    file = "anomalous_fractions.yaml"
    (limit,) = [
        one
        for one in documents[file][0]["dependent_variables"]
        if one["header"]["name"].startswith("Upper limit of the fraction")
    ]
    assert [cell["value"] for cell in limit["values"]] == [0.5, "-"]
    believable = column(documents, file, "Believable")["values"]
    assert [cell["value"] for cell in believable] == ["true", "false"]


def test_jets_are_counted_to_the_last(documents: dict[str, list[dict]]) -> None:
    control, test = documents["anomaly_scores_1.yaml"][0]["dependent_variables"]
    assert [cell["value"] for cell in control["values"]] == [1234567, 3]
    assert [cell["value"] for cell in test["values"]] == [1, 0]  # one lies beyond the bins
    assert {"name": "Sample", "value": "/t: 1"} in test["qualifiers"]


def test_an_excess_is_there_for_the_quantities_that_have_one(
    documents: dict[str, list[dict]],
) -> None:
    assert [name for name in documents if "excess" in name] == ["excess_of_test_1_in_mass.yaml"]
    (density,) = documents["excess_of_test_1_in_mass.yaml"][0]["dependent_variables"]
    assert density["header"] == {"name": "Density of the anomalous jets", "units": "1 / GeV"}


def test_captions_and_licence_are_in_the_submission(documents: dict[str, list[dict]]) -> None:
    head, *tables = documents["submission.yaml"]
    assert head["data_license"]["name"] == "CC-BY-4.0"
    assert head["comment"] == "What it is."
    assert {table["description"] for table in tables} == {"Of x, in two lines."}
    for table in tables:
        places = [one["location"] for one in table["additional_resources"]]
        assert places == ["figure.png", "thumb_figure.png"]


def test_the_same_tables_make_the_same_archive(tmp_path: Path) -> None:
    first, second = (make(tmp_path / name, "S").read_bytes() for name in ("one", "two"))
    assert first == second
