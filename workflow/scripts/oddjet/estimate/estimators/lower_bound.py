"""A lower confidence bound of the fraction that is true whatever the signal is."""

from functools import partial

import numpy as np

from oddjet.estimate.given import Estimate, Given


def estimate(given: Given) -> dict[str, Estimate]:
    """The bound of each test; its interval reaches to 1."""
    return {
        test: Estimate(partial(_interval, given.control, scores))
        for test, scores in given.tests.items()
    }


def _interval(
    control: np.ndarray, test: np.ndarray, confidence: float
) -> tuple[float, float, float]:
    bound = lower_bound(control, test, confidence)
    return bound, bound, 1.0


def lower_bound(control: np.ndarray, test: np.ndarray, confidence: float) -> float:
    """A lower confidence bound of the anomalous fraction that is true whatever the signal is.

    The largest 1 - M(A) / B(A) over all thresholds, with M(A) as high and B(A) as low as the bounds
    of their distribution functions allow, which hold at all thresholds at once (Dvoretzky, Kiefer,
    Wolfowitz, with the one-sided constant of Massart, Ann. Probab. 18 (1990) 1269).

    Args:
        control, test: scores (n,) and (m,).
        confidence: of the bound; each distribution function has half of the error probability.
    """
    width = np.sqrt(np.log(2 / (1 - confidence)) / 2)
    ordered = np.sort(control)
    background = np.searchsorted(ordered, ordered, side="right") / len(control)
    mixture = np.searchsorted(np.sort(test), ordered, side="right") / len(test)
    background = background - width / np.sqrt(len(control))
    mixture = mixture + width / np.sqrt(len(test))
    useful = background > 0
    return float(np.max(1 - mixture[useful] / background[useful], initial=0.0))
