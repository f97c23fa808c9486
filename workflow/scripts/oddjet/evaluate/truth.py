"""Truth labels, 0 normal and 1 anomalous.

Evaluation alone reads them, and the supervised reference, which is part of it: no score, cut,
fraction or check depends on them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from oddjet.common.parts import CONTROL


def read_truths(tests: Sequence[str], paths: Sequence[str | Path]) -> dict[str, np.ndarray]:
    """Read the prepared labels (N,) of several tests, by their names."""
    found = {}
    for test, path in zip(tests, paths, strict=True):
        with h5py.File(path, "r") as file:
            found[test] = file["label"][:]
    return found


def grouped(truths: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """The labels (N,) of each test by its name, and those of `all` where there are several."""
    groups = {test: {test: labels} for test, labels in truths.items()}
    return groups | {"all": dict(truths)} if len(truths) > 1 else groups


def labelled(
    parts: Mapping[str, np.ndarray], truths: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and values of all tests, one behind the other.

    Where none of them holds normal jets, the control jets stand in for them.

    Args:
        parts: values (N, ...) by sample part.
        truths: labels (N,) by test.
    """
    labels = list(truths.values())
    values = [parts[test] for test in truths]
    if all(truth.all() for truth in labels):
        labels.append(np.zeros(len(parts[CONTROL]), labels[0].dtype))
        values.append(parts[CONTROL])
    return np.concatenate(labels), np.concatenate(values)
