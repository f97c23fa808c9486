"""What is said on the first screen: the warnings in the tables, a sentence each."""

from collections.abc import Iterable, Mapping
from typing import Any


def warnings(
    samples: Iterable[Mapping[str, Any]], summary: Iterable[Mapping[str, Any]]
) -> list[str]:
    """The warnings of samples.csv and summary.csv, by rows, with what they are about.

    An empty one is no text where pandas has read it.
    """
    about = [(f"{row['sample']} ({row['file']})", row["warnings"]) for row in samples]
    about += [(f"{row['test']}, model {row['model']}", row["warnings"]) for row in summary]
    return [f"{name}: {text}" for name, text in about if text and isinstance(text, str)]
