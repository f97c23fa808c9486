"""The raw files of a sample, and what a job read of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from oddjet.planning.contents import unchanged
from oddjet.prepare.raw import Files, Read


def given(asked: Mapping[str, Any], inputs: Any) -> dict[str, Any]:
    """A sample whose files are the inputs `raw` and `weights` of a rule; the rest is `asked`."""
    sample = {"file": list(inputs.raw), **asked}
    if inputs.weights:
        sample["weight"] = {"file": list(inputs.weights)} | sample["weight"]
    return sample


def files_of(sample: Mapping[str, Any]) -> list[str | Path]:
    """The raw files of a sample, and behind them those of its weights, where they are others."""
    weights = sample.get("weight")
    given = [sample["file"], *([weights["file"]] if isinstance(weights, Mapping) else [])]
    return [file for one in given for file in ([one] if isinstance(one, str | Path) else one)]


def read(files: Files, expected: Read | None) -> Read:
    """What is in raw files, of each what `planning.contents` says, and no other than expected.

    Raises:
        InputError: one of them changed meanwhile.
    """
    several = [files] if isinstance(files, str | Path) else files
    each = [None] * len(several) if expected is None else expected
    return [unchanged(file, one) for file, one in zip(several, each, strict=True)]


def checked(files: Files, contents: Read) -> str:
    """`read` behind the reading, as text."""
    return json.dumps(read(files, contents))


def asked(array: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked of the files of a sample or of a truth, without their names."""
    found = {name: value for name, value in array.items() if name != "file"}
    if isinstance(found.get("weight"), Mapping):
        found["weight"] = asked(found["weight"])
    return found
