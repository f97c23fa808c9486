"""How well each estimator does: pseudo-experiments with jets whose truth is known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, SIGNAL
from oddjet.estimate import check, discovery, trust
from oddjet.estimate.declared import CHECKS, LOWER_BOUNDS
from oddjet.estimate.fractions import estimates
from oddjet.estimate.given import Given
from oddjet.estimate.overlap import overlap

CONFIDENCES = (0.68, 0.95)
TESTS = ("first", "second")
OFF = 3.0  # standard deviations from which on an answer is wrong
# those of features take many times the time of all else; they could only refuse more
CHECKED = [name for name, one in CHECKS.items() if not one.of_features]


def experiments(
    background: np.ndarray,
    signal: np.ndarray,
    control: int,
    events: int,
    pair: Sequence[float],
    repeats: int,
    seed: int,
) -> Iterator[dict[str, np.ndarray]]:
    """Draw pseudo-experiments from labelled jets: a control part, and one or two mixtures.

    Jets are drawn with replacement, so that the labelled jets themselves are the truth, and the
    number of anomalous jets is binomial. Half of the labelled anomalous jets are kept as the
    simulation that `template` is given.

    Args:
        background, signal: scores (N,) of labelled jets.
        control, events: number of jets of the control part and of each mixture.
        pair: the anomalous fractions.
        repeats: number of experiments.
        seed: of the draw.

    Yields:
        Scores by part: `normal_control`, `signal`, and the mixtures `first` and `second`.
    """
    rng = np.random.default_rng(seed)
    mixed, simulated = np.array_split(rng.permutation(signal), 2)
    for _ in range(repeats):
        parts = {CONTROL: background[rng.integers(len(background), size=control)]}
        for name, fraction in zip(TESTS, pair, strict=False):
            anomalous = rng.binomial(events, fraction)
            drawn = (
                background[rng.integers(len(background), size=events - anomalous)],
                mixed[rng.integers(len(mixed), size=anomalous)],
            )
            parts[name] = np.concatenate(drawn)
        parts[SIGNAL] = simulated
        yield parts


def measure(
    drawn: Iterator[Mapping[str, np.ndarray]],
    pair: Sequence[float],
    settings: Mapping[str, Any],
    check_level: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply every estimator to pseudo-experiments, and judge the answers as a run does.

    Args:
        drawn: as of `experiments`.
        pair: the true fractions.
        settings: of `Given`.
        check_level: as of `check.check`.

    Returns:
        A row per true fraction and estimator: `fraction, other_fraction` (of the other mixture),
        `estimator, repeats, bias, bias_uncertainty, deviation` (of the estimates), `pull_mean,
        pull_width` (bias in standard deviations of the interval; empty for bounds),
        `coverage_68, coverage_95`; and a row per true fraction: what became of the answers, as
        `_judged` has it.
    """
    truth = {
        test: {"fraction": fraction, "other_fraction": other}
        for test, fraction, other in zip(TESTS, pair, [*pair[1:], pair[0]], strict=False)
    }
    if len(pair) == 1:
        truth["first"]["other_fraction"] = np.nan
    rows, answers = [], []
    for scores in drawn:
        given = Given(scores, **settings)
        for test, estimator, found in estimates(given):
            row: dict[str, Any] = {**truth[test], "estimator": estimator}
            for confidence in CONFIDENCES:
                value, low, high = found.at(confidence)
                inside = low <= row["fraction"] <= high
                row |= {"value": value, f"coverage_{confidence * 100:.0f}": inside}
                if confidence == CONFIDENCES[0]:
                    row["half"] = (high - low) / 2 / sigmas(confidence)
            rows.append(row)
            if estimator == "joint":
                answers.append({**truth[test], "test": test, "value": value, "half": row["half"]})
        judged = _judged(given, check_level)
        for answer in answers[-len(pair) :]:
            answer |= judged[answer["test"]]
    keys = ["fraction", "other_fraction", "estimator"]
    grouped = pd.DataFrame(rows).groupby(keys, sort=False, dropna=False)
    measured = pd.DataFrame(
        dict(zip(keys, key, strict=True)) | _figures(table, *key[::2]) for key, table in grouped
    )
    by_truth = pd.DataFrame(answers).groupby(keys[:2], sort=False, dropna=False)
    trusted = pd.DataFrame(
        dict(zip(keys, key, strict=False)) | _trusted(table, key[0]) for key, table in by_truth
    )
    return measured, trusted


def _judged(given: Given, check_level: float) -> dict[str, dict[str, Any]]:
    """Of each test, how much higher its truth may lie than the fraction, and whether it is trusted.

    As in the summary, but for what needs more than the scores.
    """
    tests = list(given.tests)
    leak = overlap(given.control, list(given.tests.values()), given.anchor)
    found = {row["test"]: row for row in discovery.tabulate(given.scores, leak, 1.0)}
    sample = check.Sample(given.scores, {}, given.anchor, CONFIDENCES[0])
    checked = check.check(sample, check_level, CHECKED)
    failed = {row[of] for row in checked if not row["passed"] for of in ("test", "other")}
    largest = max(row["significance"] for row in found.values())
    told = trust.tell(largest, leak.least)
    return {
        test: {
            "trusted": told and test not in failed,
            "leak": leak,
            "p_background": found[test]["p_background"],
        }
        for test in tests
    }


def _trusted(table: pd.DataFrame, fraction: float) -> dict[str, float]:
    """What became of the answers of repeated experiments with a true fraction.

    Returns:
        `experiments`, the share `trusted`, and of the trusted ones `coverage` of the total 68%
        interval, the share `off` by more than three of its standard deviations, and the mean
        `half_width` of the interval; `coverage_limit` of the one-sided 95% upper limit and
        `false_discoveries`, the share with a `p_background` below 0.05, of all.
    """
    up = np.hypot(
        table.half,
        [leak.allowance(value) for leak, value in zip(table.leak, table.value, strict=True)],
    )
    above = fraction - table.value  # how far the truth lies above the answer
    sigma = np.where(above > 0, up, table.half)
    # not in 0 to 1, at 95%: refused
    sane = (table.value + 2 * up >= 0) & (table.value - 2 * table.half <= 1)
    kept = table.trusted & sane
    reach = sigmas(CONFIDENCES[0])
    inside, off = (np.abs(above) <= number * sigma for number in (reach, OFF))
    return {
        "experiments": len(table),
        "trusted": kept.mean(),
        "coverage": inside[kept].mean(),
        "off": (~off)[kept].mean(),
        "half_width": (reach * (up + table.half) / 2)[kept].mean(),
        "coverage_limit": (table.value + sigmas(0.9) * up >= fraction).mean(),
        "false_discoveries": (table.p_background < 0.05).mean(),
    }


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
