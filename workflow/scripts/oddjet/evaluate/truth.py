"""Truth labels, 0 normal and 1 anomalous.

Evaluation alone reads them, and the supervised reference, which is part of it: no score, cut,
fraction or check depends on them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from oddjet.common.parts import CONTROL


def read_truths(tests: Sequence[str], paths: Sequence[str | Path]) -> dict[str, np.ndarray]:
    """Read the prepared labels (N,) of several tests, by their names."""
    found = {}
    for test, path in zip(tests, paths, strict=True):
        with h5py.File(path, "r") as file:
            found[test] = file["label"][:]
    return found


def inputs(
    normal: str | Path, tests: Mapping[str, str | Path], truths: Sequence[str | Path]
) -> dict[str, str | Path]:
    """All that something learns from which is told the truth, by role, for its provenance."""
    labels = {f"truth of {test}": path for test, path in zip(tests, truths, strict=True)}
    return {"normal": normal, **tests, **labels}


def true_fractions(detection: pd.DataFrame) -> dict[str, float]:
    """The share of anomalous jets by test, as tables/detection.csv has it."""
    return detection.groupby("test").true_fraction.first().to_dict()


def lack_background(fractions: Mapping[str, float], tests: Iterable[str]) -> bool:
    """Whether no test holds a normal jet, by `true_fractions`, so that control jets stand in."""
    return all(fractions[test] == 1 for test in tests)


def with_control(
    truths: Mapping[str, np.ndarray],
    control: int,
    lacking: Callable[[Iterable[bool]], bool] = any,
) -> dict[str, np.ndarray]:
    """The labels (N,) by sample part, of so many control jets where they stand in for normal ones.

    Args:
        truths: labels (N,) by test.
        control: number of the control jets.
        lacking: `any` where they stand in beside each test that holds no normal jets, since it is
            evaluated by itself too; `all` where they do if none of the tests holds any.
    """
    if lacking(bool(labels.all()) for labels in truths.values()):
        return {**truths, CONTROL: np.zeros(control, np.int8)}
    return dict(truths)


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
    labels = with_control(truths, len(parts.get(CONTROL, ())), lacking=all)
    return np.concatenate(list(labels.values())), np.concatenate([parts[part] for part in labels])


def by_part(values: np.ndarray, labels: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Values (N, ...) of jets one behind the other, by the parts whose labels (n,) are given."""
    borders = np.cumsum([len(part) for part in labels.values()])[:-1]
    return dict(zip(labels, np.split(values, borders), strict=True))
