"""What `snakemake publish` makes of a whole run, as the validators of each format judge it."""

import csv
import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import WholeRun
from jsonschema import Draft202012Validator


@pytest.fixture(scope="module")
def publication(published: WholeRun) -> Path:
    return published.results / "publication"


# result.json


@pytest.fixture(scope="module")
def result(publication: Path) -> dict[str, Any]:
    return json.loads((publication / "result.json").read_text("utf-8"))


def test_the_result_is_valid_by_the_schema_beside_it(
    publication: Path, result: dict[str, Any]
) -> None:
    schema = json.loads((publication / "result.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(result)


TYPED = ("fractions", "checks", "uncertainty_budget", "discovery", "purity", "training", "tagger")


@pytest.mark.parametrize("name", ["summary", *TYPED, "samples", "detection"])
def test_the_result_holds_every_cell_of_the_table_as_it_is(
    published: WholeRun, result: dict[str, Any], name: str
) -> None:
    file = published.results / ("summary.csv" if name == "summary" else f"tables/{name}.csv")
    with open(file, newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(result[name]) == len(rows) > 0
    for found, row in zip(result[name], rows, strict=True):
        assert list(found) == list(row)
        for column, cell in row.items():
            value = found[column]
            if value is None:
                assert cell in ("", "inf"), column
            elif isinstance(value, bool):
                assert str(value).lower() == cell.lower()
            elif isinstance(value, str):
                assert value == (Path(cell).name if column == "file" else cell)
            else:
                assert value == float(cell)  # to the last bit


# HEPData


@pytest.fixture(scope="module")
def submission(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The submission, unpacked."""
    place = tmp_path_factory.mktemp("submission")
    with zipfile.ZipFile(publication / "hepdata.zip") as zipped:
        zipped.extractall(place)
    return place


def test_the_validator_of_hepdata_accepts_the_submission(publication: Path) -> None:
    # a process of its own: it uses what jsonschema has deprecated
    program = Path(sys.executable).with_name("hepdata-validate")
    command = [str(program), "-a", str(publication / "hepdata.zip")]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "hepdata.zip is valid" in said.stdout
    assert said.stdout.count("is valid HEPData data YAML") >= 5


def test_the_submission_has_the_fractions_of_the_summary(
    submission: Path, result: dict[str, Any]
) -> None:
    table = yaml.safe_load((submission / "anomalous_fractions.yaml").read_text("utf-8"))
    models, tests = (
        [cell["value"] for cell in one["values"]] for one in table["independent_variables"]
    )
    (fraction,) = [
        one for one in table["dependent_variables"] if one["header"]["name"] == "Anomalous fraction"
    ]
    for row, model, test, cell in zip(
        result["summary"], models, tests, fraction["values"], strict=True
    ):
        assert (row["model"], row["test"]) == (model, test)
        assert cell["value"] == pytest.approx(row["fraction"], rel=1e-4)  # five digits
        down, up = [], []
        for error in cell["errors"]:
            both = error.get("asymerror") or {"minus": error["symerror"], "plus": error["symerror"]}
            down.append(both["minus"])
            up.append(both["plus"])
        # statistical and systematic in quadrature are the total interval
        assert math.hypot(*down) == pytest.approx(row["fraction"] - row["low"], rel=1e-3)
        assert math.hypot(*up) == pytest.approx(row["high"] - row["fraction"], rel=1e-3)


def test_every_table_of_the_submission_has_its_figure_a_thumbnail_and_a_caption(
    submission: Path,
) -> None:
    text = (submission / "submission.yaml").read_text("utf-8")
    _, *tables = yaml.safe_load_all(text)
    assert {table["name"].rstrip("0123456789 ") for table in tables} >= {
        *("Anomalous fractions", "Anomaly scores", "ROC curve", "Excess of test 1 in mass"),
    }
    for table in tables:
        image, small = (submission / one["location"] for one in table["additional_resources"])
        assert image.stat().st_size > small.stat().st_size > 1000
        assert len(table["description"]) > 100
