"""Confidence intervals, of normal and of binomial numbers."""

import numpy as np
from scipy import special  # scipy.stats takes half a second more to import


def sigmas(confidence: float) -> float:
    """Half the width of the central interval of a normal number, in standard deviations."""
    return float(special.ndtri(0.5 + confidence / 2))


def upper_limit(passed: np.ndarray, events: int, confidence: float) -> np.ndarray:
    """One-sided upper limit of a share of which `passed` of `events` were seen, fewer than all.

    That of Clopper and Pearson (Biometrika 26 (1934) 404).
    """
    return special.betaincinv(passed + 1, events - passed, confidence)
