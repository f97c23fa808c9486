"""The numbers of a run as one typed JSON object, as `workflow/schemas/result.schema.json` says."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite, nan
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[3] / "schemas" / "result.schema.json"


def typed_tables(
    schema: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, str]]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of tables with their cells as the schema's types, numbers to their last digit.

    Args:
        schema: of the whole result; the rows of a table are its definition of that name.
        tables: by name, the rows of a CSV file as texts, by column.

    Raises:
        ValueError: a cell is of none of the types of its column.
    """
    typed = {}
    for name, rows in tables.items():
        columns = schema["$defs"][name]["properties"]
        typed[name] = [
            {column: _typed(cell, columns[column]["type"]) for column, cell in row.items()}
            for row in rows
        ]
    for row in typed.get("samples", ()):
        row["file"] = Path(row["file"]).name  # where it lies is of this machine alone
    return typed


def _typed(cell: str, types: str | Sequence[str]) -> Any:
    """A cell as the first of the JSON types that it has; null where it is empty or not finite."""
    try:
        number = float(cell)
    except ValueError:
        number = nan
    missing = not cell or cell.lower() in ("nan", "inf", "-inf")
    for kind in [types] if isinstance(types, str) else types:
        if kind == "boolean" and cell.lower() in ("true", "false"):
            return cell.lower() == "true"
        if kind == "integer" and number.is_integer():  # pandas writes 30.0 in a column with gaps
            return int(number)
        if kind == "number" and isfinite(number):
            return number
        if kind == "string" and (cell or "null" not in types):
            return cell
        if kind == "null" and missing:
            return None
    raise ValueError(f"{cell!r} is not of the types {types}")


def as_text(result: Mapping[str, Any]) -> str:
    """The result as JSON, a line for each row of a table.

    Raises:
        ValueError: a number is not finite.
    """
    lines = []
    for key, value in result.items():
        if isinstance(value, list) and value:
            rows = ",\n  ".join(_json(row) for row in value)
            lines.append(f" {_json(key)}: [\n  {rows}\n ]")
        else:
            lines.append(f" {_json(key)}: {_json(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
