"""The anomalous fraction of every test, by every estimator, from anomaly scores."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial

import numpy as np

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, SIGNAL, tests_of
from oddjet.estimate.best_bin import bootstrap_best_bin, lower_bound
from oddjet.estimate.cuts import (
    Cut,
    allowed_false_positives,
    bootstrap_rates,
    choose_cut,
    corrected,
)
from oddjet.estimate.joint import joint
from oddjet.estimate.template import template

# from a confidence to the fraction and the ends of its interval
Interval = Callable[[float], tuple[float, float, float]]


@dataclass(frozen=True)
class Estimate:
    """What an estimator says of a test, `at` any confidence, and the cut if it makes one."""

    test: str
    estimator: str
    at: Interval
    cut: Cut | None = None


def tabulate(found: Iterable[Estimate], confidence: float) -> list[dict]:
    """List estimates with their intervals.

    Returns:
        A row per estimate: `test, estimator, fraction, low, high, threshold, fpr, fpr_upper`, the
        last three for those that cut.
    """
    rows = []
    for one in found:
        fraction, low, high = one.at(confidence)
        rows.append(
            {"test": one.test, "estimator": one.estimator}
            | {"fraction": fraction, "low": low, "high": high}
            | (asdict(one.cut) if one.cut else dict.fromkeys(field.name for field in fields(Cut)))
        )
    return rows


def estimates(
    scores: Mapping[str, np.ndarray],
    classified: Mapping[str, Mapping[str, Mapping[str, np.ndarray]]],
    *,
    max_fpr: float,
    fpr_confidence: float,
    anchor: float,
    bootstrap: int,
) -> Iterator[Estimate]:
    """Estimate the anomalous fraction of each test with each estimator.

    Args:
        scores: by sample part, (N,): `normal_control`, the tests and, where it is given, `signal`;
            other parts are not used.
        classified: by estimator (`weak`, `cwola`) and test, the classifier's scores of
            `normal_control` and of the test, as `weak.classify` makes them.
        max_fpr, fpr_confidence: the cut's false positive rate, and how surely it is kept.
        anchor: as of `joint.joint`.
        bootstrap: replicas of the bootstrap over control and test events.
    """
    control, tests = scores[CONTROL], tests_of(scores)
    cut = choose_cut(control, max_fpr, fpr_confidence)
    allowed = allowed_false_positives(len(control), max_fpr, fpr_confidence)
    shared, covariance = joint(control, [scores[test] for test in tests], anchor)
    for test, fraction, variance in zip(tests, shared, np.diag(covariance), strict=True):
        mixed = scores[test]
        yield Estimate(test, "joint", _normal(float(fraction), np.sqrt(variance)))
        yield Estimate(test, "bbe", _best_bin(control, mixed, bootstrap))
        for name, of_tests in classified.items():
            parts = of_tests[test]
            best = _best_bin(parts[CONTROL], parts[test], bootstrap)
            yield Estimate(test, name, best)
        if SIGNAL in scores:
            fitted = _normal(*template(control, scores[SIGNAL], mixed))
            yield Estimate(test, "template", fitted)

        observed = float((mixed > cut.threshold).mean())
        rng = np.random.default_rng(0)  # the same replicas of control for every test
        fpr, share = bootstrap_rates(control, mixed, allowed, bootstrap, rng)
        yield Estimate(test, "cut", _percentiles(observed, share), cut)
        without = _percentiles(corrected(observed, cut.fpr), corrected(share, fpr))
        yield Estimate(test, "corrected", without, cut)
        yield Estimate(test, "lower_bound", partial(_bound, control, mixed))


def _normal(fraction: float, deviation: float) -> Interval:
    def at(confidence: float) -> tuple[float, float, float]:
        half = sigmas(confidence) * deviation
        return fraction, fraction - half, fraction + half

    return at


def _percentiles(fraction: float, replicas: np.ndarray) -> Interval:
    def at(confidence: float) -> tuple[float, float, float]:
        low, high = np.percentile(replicas, [50 * (1 - confidence), 50 * (1 + confidence)])
        return fraction, float(low), float(high)

    return at


def _best_bin(control: np.ndarray, test: np.ndarray, replicas: int) -> Interval:
    """Best bin estimate with the spread of its replicas around it."""
    fraction, drawn = bootstrap_best_bin(control, test, replicas, np.random.default_rng(0))
    # replicas of a smallest ratio are shifted as a whole: their spread counts, not their place
    return _percentiles(fraction, drawn + fraction - np.median(drawn))


def _bound(control: np.ndarray, test: np.ndarray, confidence: float) -> tuple[float, float, float]:
    bound = lower_bound(control, test, confidence)
    return bound, bound, 1.0
