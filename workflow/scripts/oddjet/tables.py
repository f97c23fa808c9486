"""Tables as they are read back."""

from pathlib import Path

import pandas as pd

# a model may be called 007, a test NA: names are never taken for numbers or missing values
NAMES = (
    *("model", "seed", "test", "other", "sample", "file", "estimator", "score", "check", "source"),
    "reasons",
)


def read(path: str | Path) -> pd.DataFrame:
    """Read a table of the workflow, names as they were written."""
    names = dict.fromkeys(NAMES, str)
    return pd.read_csv(path, dtype=names, keep_default_na=False, na_values=[""])
