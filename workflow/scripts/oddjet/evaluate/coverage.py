"""How well each estimator does: pseudo-experiments with jets whose truth is known."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, SIGNAL
from oddjet.estimate.classifiers import classify
from oddjet.estimate.declared import LOWER_BOUNDS
from oddjet.estimate.fractions import estimates
from oddjet.estimate.given import Given

CONFIDENCES = (0.68, 0.95)
# Training classifiers costs many times what all else does, so they see a part of the experiments.
CLASSIFIED = 5  # every so many


def write_pool(
    features: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray], path: str | Path
) -> None:
    """Write labelled jets as HDF5: `background` and `signal` (N, d), and the size of control.

    Args:
        features: by sample part, (N, d), the anomaly score in the first column:
            `normal_control` and the tests.
        labels: by test, 0 normal and 1 anomalous, (N,).
        path: of the file.
    """
    control = features[CONTROL]
    normal = [control, *(features[test][label == 0] for test, label in labels.items())]
    anomalous = [features[test][label == 1] for test, label in labels.items()]
    with h5py.File(path, "w") as file:
        file["background"] = np.concatenate(normal)
        file["signal"] = np.concatenate(anomalous)
        file.attrs["control"] = len(control)


def read_pool(path: str | Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Background, signal and the size of control, as `write_pool` left them."""
    with h5py.File(path, "r") as file:
        return file["background"][:], file["signal"][:], int(file.attrs["control"])


def experiments(
    background: np.ndarray,
    signal: np.ndarray,
    control: int,
    events: int,
    pair: Sequence[float],
    repeats: int,
    seed: int,
) -> Iterator[dict[str, np.ndarray]]:
    """Draw pseudo-experiments from labelled jets: a control part and two mixtures.

    Jets are drawn with replacement, so that the labelled jets themselves are the truth, and the
    number of anomalous jets is binomial. Half of the labelled anomalous jets are kept as the
    simulation that `template` is given.

    Args:
        background, signal: features (N, d) of labelled jets, the anomaly score in the first column.
        control, events: number of jets of the control part and of each mixture.
        pair: the two anomalous fractions.
        repeats: number of experiments.
        seed: of the draw.

    Yields:
        Features by part: `normal_control`, `signal`, and the mixtures `first` and `second`.
    """
    rng = np.random.default_rng(seed)
    mixed, simulated = np.array_split(rng.permutation(signal), 2)
    for _ in range(repeats):
        parts = {CONTROL: background[rng.integers(len(background), size=control)]}
        for name, fraction in zip(("first", "second"), pair, strict=True):
            anomalous = rng.binomial(events, fraction)
            drawn = (
                background[rng.integers(len(background), size=events - anomalous)],
                mixed[rng.integers(len(mixed), size=anomalous)],
            )
            parts[name] = np.concatenate(drawn)
        parts[SIGNAL] = simulated
        yield parts


def measure(
    drawn: Iterator[Mapping[str, np.ndarray]], pair: Sequence[float], settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Apply every estimator to pseudo-experiments.

    Args:
        drawn: as of `experiments`.
        pair: the two true fractions.
        settings: of `Given`.

    Returns:
        A row per true fraction and estimator: `fraction, other_fraction` (of the other mixture),
        `estimator, repeats, bias, bias_uncertainty, deviation` (of the estimates), `pull_mean,
        pull_width` (bias in standard deviations of the interval; empty for bounds),
        `coverage_68, coverage_95`.
    """
    truth = dict(zip(("first", "second"), zip(pair, pair[::-1], strict=True), strict=True))
    rows = []
    for number, parts in enumerate(drawn):
        scores = {part: features[:, 0] for part, features in parts.items()}
        several = parts[CONTROL].shape[1] > 1
        classified = classify(parts) if several and number % CLASSIFIED == 0 else {}
        for test, estimator, found in estimates(Given(scores, classified=classified, **settings)):
            fraction, other = truth[test]
            row = {"fraction": fraction, "other_fraction": other, "estimator": estimator}
            for confidence in CONFIDENCES:
                value, low, high = found.at(confidence)
                row |= {"value": value, f"coverage_{confidence * 100:.0f}": low <= fraction <= high}
                if confidence == CONFIDENCES[0]:
                    row["half"] = (high - low) / 2 / sigmas(confidence)
            rows.append(row)
    keys = ["fraction", "other_fraction", "estimator"]
    grouped = pd.DataFrame(rows).groupby(keys, sort=False)
    return pd.DataFrame(
        dict(zip(keys, key, strict=True)) | _figures(table, *key[::2]) for key, table in grouped
    )


def _figures(table: pd.DataFrame, fraction: float, estimator: str) -> dict[str, float]:
    """Bias, pull and coverage of one estimator in repeated experiments."""
    off = table.value - fraction
    pull = off / table.half.where((table.half > 0) & (estimator not in LOWER_BOUNDS))
    return {
        "repeats": len(table),
        "bias": off.mean(),
        "bias_uncertainty": off.sem(),
        "deviation": off.std(),
        "pull_mean": pull.mean(),
        "pull_width": pull.std(),
        **{name: table[name].mean() for name in ("coverage_68", "coverage_95")},
    }
