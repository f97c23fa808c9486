"""What estimators and checks are given, and what an estimator returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, tests_of
from oddjet.estimate.cuts import Cut, allowed_false_positives, bootstrap_rates, choose_cut

# from a confidence to the fraction and the ends of its interval
Interval = Callable[[float], tuple[float, float, float]]


@dataclass(frozen=True)
class Estimate:
    """The fraction of a test and its interval, `at` any confidence, and the cut if there is one."""

    at: Interval
    cut: Cut | None = None


@dataclass(frozen=True)
class Given:
    """What all estimators are given.

    Attributes:
        scores: by sample part, (N,): `normal_control`, the tests and, where it is given, `signal`;
            other parts are not used.
        max_fpr, fpr_confidence: the cut's false positive rate, and how surely it is kept.
        anchor: share of the control jets, those of the lowest scores, among whose scores there is
            no anomalous jet.
        bootstrap: replicas of the bootstrap over control and test events.
        contamination: share of the normal jets that are anomalous themselves.
        overdispersion: by how much the numbers of a test fluctuate more than those of independent
            jets, as a ratio of standard deviations.
    """

    scores: Mapping[str, np.ndarray]
    max_fpr: float
    fpr_confidence: float
    anchor: float
    bootstrap: int
    contamination: float = 0.0
    overdispersion: float = 1.0

    @property
    def control(self) -> np.ndarray:
        return self.scores[CONTROL]

    @cached_property
    def tests(self) -> dict[str, np.ndarray]:
        return {test: self.scores[test] for test in tests_of(self.scores)}

    @cached_property
    def cut(self) -> Cut:
        return choose_cut(self.control, self.max_fpr, self.fpr_confidence)

    def above_cut(self, scores: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The share of scores (m,) above the cut; replicas of the cut's FPR and of the share."""
        allowed = allowed_false_positives(len(self.control), self.max_fpr, self.fpr_confidence)
        rng = np.random.default_rng(0)  # the same replicas of control for every test
        fpr, share = bootstrap_rates(self.control, scores, allowed, self.bootstrap, rng)
        return float((scores > self.cut.threshold).mean()), fpr, share


def normal(fraction: float, deviation: float) -> Interval:
    """Intervals of a normal number."""

    def at(confidence: float) -> tuple[float, float, float]:
        half = sigmas(confidence) * deviation
        return fraction, fraction - half, fraction + half

    return at


def percentiles(fraction: float, replicas: np.ndarray) -> Interval:
    """Intervals between percentiles of replicas (n,)."""

    def at(confidence: float) -> tuple[float, float, float]:
        low, high = np.percentile(replicas, [50 * (1 - confidence), 50 * (1 + confidence)])
        return fraction, float(low), float(high)

    return at
