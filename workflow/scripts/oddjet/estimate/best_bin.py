"""Fractions from the shapes of score distributions, where low scores belong to background alone.

A test is M = (1 - f) B + f T, with B sampled by the control jets and T unknown. So f is at least
1 - M(A) / B(A) for every region A, and equal to it where T / B vanishes (irreducibility). The
regions here are the scores below a threshold.
"""

import numpy as np

from oddjet.common.histograms import count, quantile_edges
from oddjet.estimate.given import Interval, percentiles

BINS = 100
SPLITS = 20  # of the events into halves; the estimate is the mean over them
# Share of the paper's margin. Its selection and its ratio use the same events; here the selection
# cannot follow their fluctuations, and a smaller margin keeps the region clearer of signal.
MARGIN = 0.5
DELTA = 0.1  # as in arXiv:2111.00980


def best_bin(
    control: np.ndarray, test: np.ndarray, rng: np.random.Generator, splits: int
) -> np.ndarray:
    """Best bin estimation of the anomalous fraction (Garg et al., arXiv:2111.00980), cross-fitted.

    Events are split at random into halves. On one half it takes, among all regions below an edge,
    the one where M(A) / B(A) plus a margin for its uncertainty is smallest; on the other half it
    takes 1 - M(A) / B(A) there. In the paper both are done on the same events, which follows
    downward fluctuations and finds signal where there is none.

    Args:
        control, test: counts (..., bins), ascending in score; leading axes are replicas.
        rng: for the halves.
        splits: how many times events are split; the result is the mean.

    Returns:
        The fraction (...), not restricted to 0 and 1.
    """
    left_control = rng.binomial(np.broadcast_to(control, (splits, *control.shape)), 0.5)
    left_test = rng.binomial(np.broadcast_to(test, (splits, *test.shape)), 0.5)
    one, one_bound = _ratio(left_control, left_test)
    other, other_bound = _ratio(control - left_control, test - left_test)
    ratio = (_at_least(other, one_bound) + _at_least(one, other_bound)) / 2
    return 1 - ratio.mean(axis=0)


def _ratio(control: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """M(A) / B(A) below each edge, and the same with its margin, infinite where B(A) is empty."""
    n = np.maximum(control.sum(-1, keepdims=True), 1)
    m = np.maximum(test.sum(-1, keepdims=True), 1)
    background = np.cumsum(control, -1) / n
    share = np.maximum(background, 1 / n)
    ratio = np.cumsum(test, -1) / m / share
    margin = np.sqrt(np.log(4 / DELTA) / 2) * (np.sqrt(1 / n) + np.sqrt(1 / m))
    return ratio, np.where(background > 0, ratio + MARGIN * margin / share, np.inf)


def _at_least(ratio: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """The ratio where the bound is smallest."""
    return np.take_along_axis(ratio, np.argmin(bound, -1)[..., None], -1)[..., 0]


def bootstrap_best_bin(
    control: np.ndarray, test: np.ndarray, replicas: int, rng: np.random.Generator
) -> tuple[float, np.ndarray]:
    """Best bin estimate from scores (n,) and (m,), and its replicas (replicas,).

    Counts are resampled instead of events, which is the same.
    """
    edges = quantile_edges(control, BINS)
    background, mixture = count(control, edges), count(test, edges)
    estimate = float(best_bin(background, mixture, rng, SPLITS))
    resampled = [rng.multinomial(c.sum(), c / c.sum(), replicas) for c in (background, mixture)]
    return estimate, best_bin(resampled[0], resampled[1], rng, splits=2)


def interval(control: np.ndarray, test: np.ndarray, replicas: int) -> Interval:
    """Best bin estimate from scores (n,) and (m,), with the spread of its replicas around it."""
    fraction, drawn = bootstrap_best_bin(control, test, replicas, np.random.default_rng(0))
    # replicas of a smallest ratio are shifted as a whole: their spread counts, not their place
    return percentiles(fraction, drawn + fraction - np.median(drawn))
