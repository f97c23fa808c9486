"""The result as a typed JSON file."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oddjet.publish.result_file import SCHEMA, as_text, typed_tables

SCHEMAS = json.loads(SCHEMA.read_text("utf-8"))


def rows(types: Any, *cells: str) -> list[Any]:
    schema = {"$defs": {"table": {"properties": {"column": {"type": types}}}}}
    typed = typed_tables(schema, {"table": [{"column": cell} for cell in cells]})
    return [row["column"] for row in typed["table"]]


@pytest.mark.parametrize(
    ("types", "cell", "value"),
    [
        ("number", "0.1", 0.1),
        ("number", "5e-324", 5e-324),
        # one of which pandas' own reader makes another number
        ("number", "0.010203040506070809", 0.010203040506070809),
        (["number", "null"], "", None),
        (["number", "null"], "inf", None),
        (["number", "null"], "nan", None),
        (["integer", "null"], "30.0", 30),
        (["integer", "string"], "ensemble", "ensemble"),
        (["integer", "string"], "7", 7),
        ("boolean", "True", True),
        ("boolean", "false", False),
        ("string", "007", "007"),
        ("string", "nan", "nan"),
        ("string", "", ""),
        (["string", "null"], "", None),
        (["string", "null"], "a; b", "a; b"),
    ],
)
def test_a_cell_becomes_what_the_schema_says(types: Any, cell: str, value: Any) -> None:
    (found,) = rows(types, cell)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("types", "cell"), [("number", ""), ("number", "x"), ("boolean", "1"), ("integer", "0.5")]
)
def test_a_cell_of_another_type_is_refused(types: Any, cell: str) -> None:
    with pytest.raises(ValueError, match="is not of the types"):
        rows(types, cell)


def test_a_column_that_the_schema_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError, match="unheard"):
        typed_tables(SCHEMAS, {"summary": [{"unheard": "1"}]})


def test_the_place_of_a_raw_file_stays_here() -> None:
    row = dict.fromkeys(SCHEMAS["$defs"]["samples"]["properties"], "1")
    row["file"] = "/data/of/mine/jets.h5 and 3 more"
    (typed,) = typed_tables(SCHEMAS, {"samples": [row]})["samples"]
    assert typed["file"] == "jets.h5 and 3 more"


def test_the_text_is_json_with_a_line_for_each_row_and_no_nan() -> None:
    result = {"title": "jets é", "authors": [], "summary": [{"a": 1.5}, {"a": None}]}
    text = as_text(result)
    assert json.loads(text) == result
    assert '  {"a": 1.5},\n  {"a": null}\n' in text
    with pytest.raises(ValueError, match="JSON"):
        as_text({"a": [{"b": float("nan")}]})


def test_the_schema_is_one_and_describes_every_key() -> None:
    Draft202012Validator.check_schema(SCHEMAS)
    for part in [SCHEMAS, *SCHEMAS["$defs"].values()]:
        assert part["additionalProperties"] is False
        for name, one in part["properties"].items():
            assert len(one["description"]) > 4, name
