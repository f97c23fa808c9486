"""How well each estimator does: pseudo-experiments with jets whose truth is known."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, OVERDISPERSION
from oddjet.estimate import background, check, discovery, trust
from oddjet.estimate.contamination import Contamination, most
from oddjet.estimate.declared import LOWER_BOUNDS
from oddjet.estimate.fractions import estimates
from oddjet.estimate.given import Given
from oddjet.estimate.overlap import overlap
from oddjet.evaluate.pseudo_experiments import TESTS, Experiment, tagged

CONFIDENCES = (0.68, 0.95)
OFF = 3.0  # standard deviations from which on an answer is wrong


@dataclass(frozen=True)
class Scored:
    """A pseudo-experiment with its scores.

    Attributes:
        scores: by part, (n,).
        labels: by test, (n,).
        features: what checks compare jets by, by part, control and the tests, (n, d).
        overdispersion: as of `Given`.
    """

    scores: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]
    features: Mapping[str, np.ndarray]
    overdispersion: float

    @classmethod
    def of(cls, experiment: Experiment) -> "Scored":
        """One whose jets come with a score, the first of their columns."""
        scores = {part: jets[:, 0] for part, jets in experiment.jets.items()}
        features = {part: experiment.jets[part][:, 1:] for part in (CONTROL, *experiment.labels)}
        return cls(scores, experiment.labels, features, 1.0)

    @classmethod
    def tagged(cls, experiment: Experiment, seed: int) -> "Scored":
        """One whose jets are features, with a weak tagger that is trained anew."""
        features = {part: experiment.jets[part] for part in (CONTROL, *experiment.labels)}
        return cls(tagged(experiment, seed), experiment.labels, features, OVERDISPERSION)


def measure(
    drawn: Iterator[Scored],
    pair: Sequence[float],
    settings: Mapping[str, Any],
    contamination: Mapping[str, Any],
    background_tilt: float,
    check_level: float,
    checks: Collection[str],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply every estimator to pseudo-experiments, and judge the answers as a run does.

    Args:
        drawn: the experiments.
        pair: the true fractions.
        settings: of `Given`.
        contamination: `fraction` and `uncertainty`, as of `Contamination`.
        background_tilt: as of `background.allowance`.
        check_level: as of `check.check`.
        checks: the names of those to make.

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
    for one in drawn:
        given = Given(one.scores, **settings, overdispersion=one.overdispersion)
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
        judged = _judged(one, given, contamination, check_level, checks)
        for answer in answers[-len(pair) :]:
            answer |= judged[answer["test"]]
            answer["background"] = background.allowance(
                answer["value"], background_tilt, given.anchor
            )
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


def _judged(
    one: Scored,
    given: Given,
    contamination: Mapping[str, Any],
    check_level: float,
    checks: Collection[str],
) -> dict[str, dict[str, Any]]:
    """Of each test, what its interval allows for, and whether it is trusted.

    As in the summary, but for what needs other models.
    """
    leak = overlap(given.control, list(given.tests.values()), given.anchor)
    discovered = discovery.tabulate(one.scores, leak, given.anchor, one.overdispersion)
    found = {row["test"]: row for row in discovered}
    sample = check.Sample(one.scores, one.features, given.anchor, CONFIDENCES[0])
    checked = check.check(sample, check_level, checks)
    failed = {row[of] for row in checked if not row["passed"] for of in ("test", "other")}
    largest = max(row["significance"] for row in found.values())
    limit = most(one.scores, given.anchor, one.overdispersion)
    bad = Contamination(**contamination, most=limit)
    return {
        test: {
            "trusted": test not in failed
            and trust.untold(largest, leak.least, found[test]["anchored"]) is None,
            "leak": leak,
            "jets": len(label),
            "contamination": bad,
            "p_background": found[test]["p_background"],
            "auc": roc_auc_score(label, one.scores[test]) if label.min() < label.max() else np.nan,
        }
        for test, label in one.labels.items()
    }


def _trusted(table: pd.DataFrame, fraction: float) -> dict[str, float]:
    """What became of the answers of repeated experiments with a true fraction.

    Returns:
        `experiments`, the mean `auc` and its standard error, the share `trusted`, the share
        `refused` although it was not off, and of the trusted ones `coverage` of the total 68%
        interval, the share `off` by more than three of its standard deviations, and the mean
        `half_width` of the interval; `coverage_limit` of the one-sided 95% upper limit and
        `false_discoveries`, the share with a `p_background` below 0.05, of all.
    """
    allowed = [
        (*row.contamination.allowance(row.value), row.leak.allowance(row.value, row.jets))
        for row in table.itertuples()
    ]
    lower, higher, leak = np.transpose(allowed)
    either = np.hypot(table.half, table.background)
    down, up = np.hypot(either, lower), np.hypot(np.hypot(either, higher), leak)
    above = fraction - table.value  # how far the truth lies above the answer
    sigma = up.where(above > 0, down)
    sure = sigmas(trust.SURE)  # not in 0 to 1: refused
    sane = (table.value + sure * up >= 0) & (table.value - sure * down <= 1)
    kept = table.trusted & sane
    reach = sigmas(CONFIDENCES[0])
    inside, inside_three = (np.abs(above) <= number * sigma for number in (reach, OFF))
    return {
        "experiments": len(table),
        "auc": table.auc.mean(),
        "auc_uncertainty": table.auc.sem(),
        "trusted": kept.mean(),
        "refused": (inside_three & ~kept).mean(),
        "coverage": inside[kept].mean(),
        "off": (~inside_three)[kept].mean(),
        "half_width": (reach * (up + down) / 2)[kept].mean(),
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
