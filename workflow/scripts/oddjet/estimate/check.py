"""Checks, without labels, of what the fractions assume: one background and one signal."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from itertools import combinations

import numpy as np

from oddjet.common.parts import tests_of
from oddjet.estimate.declared import CHECKS
from oddjet.estimate.low_scores import low_scores

COLUMNS = (
    *("check", "test", "other", "statistic", "dof", "p_value", "passed"),
    *("ratio", "ratio_low", "ratio_high"),
)
LEAST_JETS = 20  # of low score, to compare them


@dataclass(frozen=True)
class Sample:
    """What all checks are given.

    Attributes:
        scores: anomaly scores (N,) by sample part, `normal_control` and the tests.
        features: what to compare low-score jets by, (N, d), of the same parts.
        anchor: share of the control jets whose scores, the lowest, count as low.
        confidence: of intervals.
    """

    scores: Mapping[str, np.ndarray]
    features: Mapping[str, np.ndarray]
    anchor: float
    confidence: float

    @property
    def tests(self) -> list[str]:
        return tests_of(self.scores)

    @cached_property
    def low(self) -> dict[str, np.ndarray]:
        """As of `low_scores`."""
        return low_scores(self.scores, self.anchor)


def check(sample: Sample, level: float, names: Collection[str] = tuple(CHECKS)) -> list[dict]:
    """Make every check on every test or pair of tests.

    Args:
        sample: scores and features.
        level: a check is failed if its p-value is below this, divided by the number of checks
            (Bonferroni). One that could not be made has no p-value and is not failed.
        names: of the checks to make.

    Returns:
        A row per check: `check, test, other, statistic, dof, p_value, passed` and, for
        `proportionality`, `ratio, ratio_low, ratio_high` of the fractions of test and other.
    """
    # of a pair the one with the larger excess comes second
    pairs = [
        sorted(pair, key=lambda name: sample.scores[name].mean())
        for pair in combinations(sample.tests, 2)
    ]
    rows = [
        {"check": name, "test": test, "other": other} | _made(name, sample, test, other)
        for test, other in pairs
        for name in names
        if CHECKS[name].of_pairs
    ]
    rows += [
        {"check": name, "test": test} | _made(name, sample, test)
        for test in sample.tests
        for name in names
        if not CHECKS[name].of_pairs
    ]
    made = sum(np.isfinite(row["p_value"]) for row in rows)
    return [
        dict.fromkeys(COLUMNS) | row | {"passed": not row["p_value"] * made < level} for row in rows
    ]


def _made(name: str, sample: Sample, *tests: str) -> dict[str, float]:
    """What the module of a check finds: `statistic`, `p_value` and perhaps more columns."""
    found: dict[str, float] = import_module(f"oddjet.estimate.checks.{name}").check(sample, *tests)
    return found
