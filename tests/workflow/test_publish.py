"""What `snakemake publish` makes of a whole run, by the judgement of the validators of each format."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
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
