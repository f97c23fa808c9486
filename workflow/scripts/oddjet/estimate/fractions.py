"""The anomalous fraction of every test, by every estimator, from anomaly scores."""

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from functools import partial
from importlib import import_module

from oddjet.estimate import contaminated
from oddjet.estimate.cuts import Cut
from oddjet.estimate.declared import ESTIMATORS
from oddjet.estimate.given import Estimate, Given, Interval


def estimates(given: Given) -> Iterator[tuple[str, str, Estimate]]:
    """Estimate the anomalous fraction of each test with each estimator.

    With a contamination c of the normal sample all but the share above the cut see the fraction
    relative to it, r = (f - c) / (1 - c), and c + (1 - c) r is given. With an overdispersion all
    intervals are as much wider, but for the lower bound, whose own ends at 1.

    Yields:
        Test, estimator, and what it says of the test.
    """
    found = {
        name: import_module(f"oddjet.estimate.estimators.{name}").estimate(given)
        for name in ESTIMATORS
    }
    for test in given.tests:
        for name, by_test in found.items():
            if test in by_test:
                one = by_test[test]
                if given.overdispersion > 1 and name != "lower_bound":
                    one = replace(one, at=partial(_wider, one.at, given.overdispersion))
                if given.contamination and name != "cut":
                    one = replace(one, at=partial(_of_all, one.at, given.contamination))
                yield test, name, one


def _wider(at: Interval, factor: float, confidence: float) -> tuple[float, float, float]:
    """An interval that reaches as many times as far from the fraction."""
    fraction, low, high = at(confidence)
    return fraction, fraction - factor * (fraction - low), fraction + factor * (high - fraction)


def _of_all(at: Interval, contamination: float, confidence: float) -> tuple[float, float, float]:
    """An interval that is relative to the normal sample, of all jets."""
    fraction, low, high = (contaminated.of_all(r, contamination) for r in at(confidence))
    return fraction, low, high


def tabulate(given: Given, confidence: float) -> list[dict]:
    """List all estimates with their intervals.

    Returns:
        A row per estimate: `test, estimator, fraction, low, high, threshold, fpr, fpr_upper`, the
        last three for those that cut.
    """
    rows = []
    for test, name, estimate in estimates(given):
        fraction, low, high = estimate.at(confidence)
        cut = asdict(estimate.cut) if estimate.cut else dict.fromkeys(f.name for f in fields(Cut))
        quoted = {"fraction": fraction, "low": low, "high": high}
        rows.append({"test": test, "estimator": name} | quoted | cut)
    return rows
