"""All tests at once: a binned likelihood in which they share one free signal shape.

A test is M_i = (1 - f_i) B + f_i T with B sampled by the control jets and the same unknown T for
all tests. Where T vanishes, at the lowest scores (the anchor), a test counts its background; beyond
it, the tests together determine T and, better than the anchor alone, the ratios of the f_i.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from iminuit import Minuit
from iminuit.cost import poisson_chi2

from oddjet.common.histograms import count, quantile_edges
from oddjet.estimate.given import Estimate, Given, normal

BINS = 20
# Excess of a test, in its own standard deviations, from which on it has a shape to share. Below it
# the shape is noise, and each test is left with its own anchor.
SHARED = 3.0
# Below so many expected counts the likelihood goes on as a parabola, with such a curvature that an
# empty bin is best described by a mean of zero. A limit there would leave errors undefined.
LEAST_EXPECTED = 0.1
WALL = 2 / LEAST_EXPECTED


def estimate(given: Given) -> dict[str, Estimate]:
    """The fractions of all tests, with normal intervals."""
    fractions, covariance = joint(given.control, list(given.tests.values()), given.anchor)
    deviations = np.sqrt(np.diag(covariance))
    return {
        test: Estimate(normal(float(fraction), deviation))
        for test, fraction, deviation in zip(given.tests, fractions, deviations, strict=True)
    }


def joint(
    control: np.ndarray, tests: Sequence[np.ndarray], anchor: float
) -> tuple[np.ndarray, np.ndarray]:
    """Anomalous fractions of all tests from a common fit to their scores.

    Args:
        control: scores (n,).
        tests: scores (m,) of each test.
        anchor: share of the control jets, those of the lowest scores, among whose scores there is
            no anomalous jet. At least the lowest of 20 bins is taken.

    Returns:
        Fractions (k,), not restricted to 0 and 1, and their covariance (k, k).
    """
    counts, stacked, bins = binned(control, tests, anchor)
    return fit(counts, stacked, bins)


def binned(
    control: np.ndarray, tests: Sequence[np.ndarray], anchor: float
) -> tuple[np.ndarray, np.ndarray, int]:
    """Counts of control (K,) and tests (k, K) in quantiles of control; how many are the anchor."""
    edges = quantile_edges(control, BINS)
    counts = count(control, edges)
    # half a bin of tolerance: quantiles of finite samples are not exact
    below = np.cumsum(counts) / len(control) <= anchor + 0.5 / BINS
    return counts, np.stack([count(test, edges) for test in tests]), max(1, int(below.sum()))


def fit(control: np.ndarray, tests: np.ndarray, anchor: int) -> tuple[np.ndarray, np.ndarray]:
    """Fit counts in bins of ascending score by maximum likelihood.

    Poisson means are b_j for control and a_i b_j + s_i t_j for test i, with t_j = 0 in the anchor
    and s = 1 for the test whose excess is the clearest. The b_j are free, so that the finite
    statistics of control are part of the errors (Barlow and Beeston, Comput. Phys. Commun. 77
    (1993) 219); the t_j may be negative, because a limit at zero would bias the fractions upwards.
    The fraction of test i is 1 - a_i sum(b) / (a_i sum(b) + s_i sum(t)).

    Args:
        control, tests: counts (K,) and (k, K).
        anchor: number of bins without signal.

    Returns:
        Fractions (k,) and their covariance (k, k), from the Fisher information at the maximum.
    """
    alone, deviation = anchored(control, tests, anchor)
    clear = np.divide(alone, deviation, out=np.zeros_like(alone), where=deviation > 0)
    reference = int(np.argmax(clear))
    shared = len(tests) > 1 and anchor < len(control)
    if shared and clear[reference] > SHARED:
        model = _Model(control, tests, anchor, reference)
        minuit = Minuit(model.chi2, model.start(alone), grad=model.gradient)
        minuit.strategy = 0  # the gradient is exact
        minuit.migrad()
        if minuit.valid:
            return model.fractions(np.array(minuit.values))
    return alone, np.diag(deviation**2)


def anchored(control: np.ndarray, tests: np.ndarray, anchor: int) -> tuple[np.ndarray, np.ndarray]:
    """1 - M(A) / B(A) of each test in the anchor A, and its standard deviation, each (k,).

    Args:
        control, tests: counts (K,) and (k, K), ascending in score.
        anchor: number of bins in A.
    """
    n, m = control.sum(), tests.sum(1)
    background, below = control[:anchor].sum() / n, tests[:, :anchor].sum(1)
    seen = np.maximum(below, 1) / m  # an anchor without a jet leaves room for one
    relative = np.sqrt((1 - seen) / (seen * m) + (1 - background) / (n * background))
    return 1 - below / m / background, seen / background * relative


@dataclass(frozen=True)
class _Model:
    control: np.ndarray
    tests: np.ndarray
    anchor: int
    reference: int

    @cached_property
    def data(self) -> np.ndarray:
        return np.vstack([self.control, self.tests])

    @cached_property
    def others(self) -> np.ndarray:
        return np.delete(np.arange(len(self.tests)), self.reference)

    def start(self, alone: np.ndarray) -> np.ndarray:
        """Parameters a (k,), s of the others (k - 1,), b (K,), t (K - anchor,)."""
        excess = alone * self.tests.sum(1)
        scale = (1 - alone) * self.tests.sum(1) / self.control.sum()
        background = np.maximum(self.control, 0.5)
        signal = (self.tests[self.reference] - scale[self.reference] * background)[self.anchor :]
        ratio = excess[self.others] / excess[self.reference]
        return np.concatenate([np.maximum(scale, 1e-3), ratio, background, signal])

    def unpack(self, values: np.ndarray) -> tuple[np.ndarray, ...]:
        k, bins = self.tests.shape
        scale, ratio, background, beyond = np.split(values, np.cumsum([k, k - 1, bins]))
        strength, signal = np.ones(k), np.zeros(bins)
        strength[self.others], signal[self.anchor :] = ratio, beyond
        return scale, strength, background, signal

    def expected(self, values: np.ndarray) -> np.ndarray:
        scale, strength, background, signal = self.unpack(values)
        return np.vstack([background, np.outer(scale, background) + np.outer(strength, signal)])

    def chi2(self, values: np.ndarray) -> float:
        expected = self.expected(values).ravel()
        floored = np.maximum(expected, LEAST_EXPECTED)
        below = expected - floored
        slope = 2 * (1 - self.data.ravel() / LEAST_EXPECTED)
        chi2 = poisson_chi2(self.data.ravel(), floored)
        return float(chi2 + (slope * below + WALL / 2 * below**2).sum())

    def gradient(self, values: np.ndarray) -> np.ndarray:
        scale, strength, background, signal = self.unpack(values)
        expected = self.expected(values)
        floored = np.maximum(expected, LEAST_EXPECTED)
        slope = 2 * (1 - self.data / floored) + WALL * (expected - floored)
        return np.concatenate(
            [
                slope[1:] @ background,
                (slope[1:] @ signal)[self.others],
                slope[0] + scale @ slope[1:],
                (strength @ slope[1:])[self.anchor :],
            ]
        )

    def covariance(self, values: np.ndarray) -> np.ndarray:
        """Inverse of the Fisher information of all parameters, without numerical derivatives."""
        scale, strength, background, signal = self.unpack(values)
        test, bins = np.eye(len(scale)), np.eye(len(background))
        none = np.zeros((len(bins), 2 * len(scale) - 1))
        slopes = [np.hstack([none, bins, 0 * bins[:, self.anchor :]])]
        for i in range(len(scale)):
            by_scale = np.outer(background, test[i])
            by_ratio = np.outer(signal, test[i])[:, self.others]
            rest = (scale[i] * bins, strength[i] * bins[:, self.anchor :])
            slopes.append(np.hstack([by_scale, by_ratio, *rest]))
        slope = np.vstack(slopes)
        weight = 1 / np.maximum(self.expected(values).ravel(), LEAST_EXPECTED)
        return np.linalg.inv((slope.T * weight) @ slope)

    def fractions(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fractions and their covariance."""
        scale, strength, background, signal = self.unpack(values)
        b, t = background.sum(), signal.sum()
        normal, anomalous = scale * b, strength * t
        total = normal + anomalous
        by_normal, by_anomalous = -anomalous / total**2, normal / total**2
        jacobian = np.hstack(
            [
                np.diag(by_normal * b),
                np.diag(by_anomalous * t)[:, self.others],
                np.repeat((by_normal * scale)[:, None], len(background), 1),
                np.repeat((by_anomalous * strength)[:, None], len(signal) - self.anchor, 1),
            ]
        )
        spread = jacobian @ self.covariance(values) @ jacobian.T
        # as in `anchored`: no jet in the anchor leaves room for one
        least = self.control.sum() / self.control[: self.anchor].sum() / self.tests.sum(1)
        return anomalous / total, spread + np.diag(np.maximum(least**2 - np.diag(spread), 0))
