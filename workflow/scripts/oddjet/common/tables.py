"""Tables as they are written, and read back."""

from pathlib import Path

import pandas as pd

from oddjet.common.files import replacing

# a model may be called 007, a test NA: names are never taken for numbers or missing values
NAMES = (
    *("model", "network", "seed", "test", "other", "sample", "file", "estimator", "score", "check"),
    *("source", "reasons", "warnings", "feature"),
)


def read(path: str | Path) -> pd.DataFrame:
    """Read a table of the workflow, names as they were written."""
    names = dict.fromkeys(NAMES, str)
    return pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""])


def write(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table, whole or not at all."""
    with replacing(path) as partial:
        table.to_csv(partial, index=False)


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all tests together, or of the only one."""
    tests = table.test.unique()
    return table[table.test.isin(["all"] if "all" in tests else tests[:1])]
