"""Modules that a job loads by a name in the configuration or by a file's format.

What is loaded so is not imported, so each rule names it beside its script: a job reruns when its
own model, loss, reader, estimator or check changes, and not when another one does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from oddjet.planning.formats import format_of, format_to_come


def of_model(architecture: Mapping[str, Any], error: str | Mapping[str, float]) -> list[str]:
    """Those of a kind of model, and of a reconstruction error or a sum of several by name."""
    names = [error] if isinstance(error, str) else error
    losses = [f"oddjet.train.losses.{name}" for name in names]
    return [f"oddjet.train.models.{architecture['kind']}", *losses]


def of_file(file: str, is_made: bool) -> list[str]:
    """The reader of a raw file; none where it cannot be read, which the job that opens it explains.

    Args:
        file: its path.
        is_made: whether the workflow itself makes it, so that it may still have to come.
    """
    try:
        known = format_to_come(file) if is_made else format_of(file)
    except OSError:
        known = None
    return [] if known is None else [f"oddjet.prepare.readers.{known}"]


def of_estimation(names: Iterable[str], folder: str) -> list[str]:
    """Those of estimators or of checks, by the folder that they lie in."""
    return [f"oddjet.estimate.{folder}.{name}" for name in names]
