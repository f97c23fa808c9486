"""A cut on the anomaly score whose false positive rate is proved on held-out control jets."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from oddjet.common.intervals import upper_limit

Rate = TypeVar("Rate", float, np.ndarray)


@dataclass(frozen=True)
class Cut:
    """A cut on the score: jets strictly above `threshold` are called anomalous.

    `fpr` is the share of control jets above it, `fpr_upper` its upper confidence limit.
    """

    threshold: float
    fpr: float
    fpr_upper: float


def least_control(max_fpr: float, confidence: float) -> int:
    """The fewest control jets that can prove a false positive rate <= `max_fpr`.

    With no false positive among n the upper limit of Clopper and Pearson is
    1 - (1 - confidence)**(1/n).
    """
    return int(np.ceil(np.log1p(-confidence) / np.log1p(-max_fpr)))


def allowed_false_positives(control: int, max_fpr: float, confidence: float) -> int:
    """How many of `control` jets may pass a cut whose false positive rate is proved <= `max_fpr`.

    The proof is the upper limit of Clopper and Pearson.

    Raises:
        ValueError: too few control jets.
    """

    def upper(passed: int) -> float:
        return float(upper_limit(np.array(passed), control, confidence))

    allowed = bisect_right(range(control), max_fpr, key=upper) - 1
    if allowed < 0:
        raise ValueError(f"{control} control jets cannot prove a false positive rate <= {max_fpr}")
    return allowed


def choose_cut(control: np.ndarray, max_fpr: float, fpr_confidence: float) -> Cut:
    """The loosest cut whose false positive rate is proved <= `max_fpr` by the control scores (N,).

    Raises:
        ValueError: too few control jets.
    """
    allowed = allowed_false_positives(len(control), max_fpr, fpr_confidence)
    threshold = np.sort(control)[len(control) - allowed - 1]
    passed = int((control > threshold).sum())
    return Cut(
        float(threshold),
        passed / len(control),
        float(upper_limit(np.array(passed), len(control), fpr_confidence)),
    )


def bootstrap_rates(
    control: np.ndarray, test: np.ndarray, allowed: int, replicas: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Resample control and test events, choose the cut anew each time, and count what passes.

    Drawn from the exact distributions of the counts, so that nothing is copied or sorted again.
    Of n events drawn with replacement the one with `allowed` above it is event floor(n U), U an
    order statistic of n uniform numbers: a Beta(n - allowed, allowed + 1) number. Those above it
    are uniform beyond U, so how many differ in value is binomial; so is what passes in the test.
    Where all of it passes or nothing, no replica would differ: there the share is drawn so that its
    quantiles on one side are the limits of Clopper and Pearson (Biometrika 26 (1934) 404), and on
    the other the share itself.

    Args:
        control, test: scores (n,) and (m,).
        allowed: control events that may lie above the cut.

    Returns:
        False positive rate and share of the test above the cut, each (replicas,).
    """
    n = len(control)
    ordered, test = np.sort(control), np.sort(test)
    position = rng.beta(n - allowed, allowed + 1, replicas)
    threshold = ordered[np.minimum((n * position).astype(int), n - 1)]
    beyond = 1 - np.searchsorted(ordered, threshold, side="right") / n
    fpr = rng.binomial(allowed, np.minimum(beyond / (1 - position), 1)) / n
    share = 1 - np.searchsorted(test, threshold, side="right") / len(test)
    found = rng.binomial(len(test), share) / len(test)
    limits = rng.beta(len(test), 1, replicas)
    limits[limits > 0.5 ** (1 / len(test))] = 1  # beyond the median
    return fpr, np.select([share == 1, share == 0], [limits, 1 - limits], found)


def corrected(observed: Rate, fpr: Rate) -> Rate:
    """The fraction if every anomalous jet passed the cut, from the share observed above it."""
    return (observed - fpr) / (1 - fpr)
