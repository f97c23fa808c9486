"""Whether the excesses of two tests differ by a factor alone."""

import numpy as np
from iminuit import Minuit
from scipy import stats

from oddjet.common.histograms import count, quantile_edges
from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL
from oddjet.estimate.check import Sample

MOST_BINS, LEAST_BINS, JETS_PER_BIN = 20, 4, 25


def check(sample: Sample, test: str, other: str) -> dict[str, float]:
    """`proportionality` of two tests, the one with the larger excess as the denominator."""
    scores = sample.scores
    return proportionality(scores[CONTROL], scores[test], scores[other], sample.confidence)


def proportionality(
    control: np.ndarray, test: np.ndarray, other: np.ndarray, confidence: float
) -> dict[str, float]:
    """Whether M - B of two tests differ by a factor alone, and by which.

    Least squares for (M - B) = r (M' - B) in bins, with the covariance of the multinomial counts
    of all three samples. With one background and one signal r is the ratio of the fractions,
    whatever the signal is.

    Args:
        control, test, other: scores (n,), (m,) and (m',).
        confidence: of the interval of r.

    Returns:
        `statistic` (chi square), `dof`, `p_value`, `ratio`, `ratio_low`, `ratio_high`.
    """
    samples = [test, other, control]
    bins = np.clip(min(map(len, samples)) // JETS_PER_BIN, LEAST_BINS, MOST_BINS)
    edges = quantile_edges(np.concatenate(samples), int(bins))
    dof = len(edges) - 1  # shares add up to one, and the ratio is fitted
    if dof < 1:
        return {"statistic": np.nan, "dof": 0, "p_value": np.nan, **_ratio(np.nan, np.nan)}
    shares, covariances = zip(*(_shares(count(s, edges)) for s in samples), strict=True)

    def chi2(ratio: float) -> float:
        weights = np.array([1, -ratio, ratio - 1])
        difference = np.tensordot(weights, shares, 1)[:-1]
        covariance = np.tensordot(weights**2, covariances, 1)[:-1, :-1]
        return float(difference @ np.linalg.solve(covariance, difference))

    excess, reference = (((s - shares[2]) * np.arange(len(s))).sum() for s in shares[:2])
    minuit = Minuit(chi2, np.clip(excess / reference, -2, 2) if reference else 0.0)
    minuit.migrad()
    half = sigmas(confidence) * minuit.errors[0]
    return {
        "statistic": minuit.fval,
        "dof": dof,
        "p_value": float(stats.chi2.sf(minuit.fval, dof)),
        **_ratio(minuit.values[0], half),
    }


def _ratio(value: float, half: float) -> dict[str, float]:
    return {"ratio": value, "ratio_low": value - half, "ratio_high": value + half}


def _shares(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares (K,) of the counts, and their covariance (K, K)."""
    total = counts.sum()
    expected = (counts + 0.5) / (total + 0.5 * len(counts))  # an empty bin has an error too
    return counts / total, (np.diag(expected) - np.outer(expected, expected)) / total
