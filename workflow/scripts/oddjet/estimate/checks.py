"""Checks, without labels, of what the fractions assume: one background and one signal."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from iminuit import Minuit
from scipy import stats

from oddjet.common.histograms import count, quantile_edges
from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, tests_of
from oddjet.estimate.weak import cross_fitted

COLUMNS = (
    *("check", "test", "other", "statistic", "dof", "p_value", "passed"),
    *("ratio", "ratio_low", "ratio_high"),
)
MOST_BINS, LEAST_BINS, JETS_PER_BIN = 20, 4, 25
LEAST_JETS = 20  # of low score, to compare their latents


def check(
    scores: Mapping[str, np.ndarray],
    features: Mapping[str, np.ndarray],
    anchor: float,
    confidence: float,
    level: float,
) -> list[dict]:
    """Make every check on every test and pair of tests.

    Args:
        scores: anomaly scores (N,) by sample part, `normal_control` and the tests.
        features: what to compare low-score jets by, (N, d), of the same parts.
        anchor: share of the control jets whose scores, the lowest, count as low.
        confidence: of the interval of the ratio.
        level: a check is failed if its p-value is below this, divided by the number of checks
            (Bonferroni). One that could not be made has no p-value and is not failed.

    Returns:
        A row per check: `check, test, other, statistic, dof, p_value, passed` and, for
        `proportionality`, `ratio, ratio_low, ratio_high` of the fractions of test and other.
    """
    control, tests = scores[CONTROL], tests_of(scores)
    rows = []
    for pair in combinations(tests, 2):
        # the one with the larger excess is the denominator
        test, other = sorted(pair, key=lambda name: scores[name].mean())
        found = proportionality(control, scores[test], scores[other], confidence)
        rows.append({"check": "proportionality", "test": test, "other": other} | found)
    edge = np.quantile(control, anchor, method="inverted_cdf")
    low = {part: scores[part] <= edge for part in (CONTROL, *tests)}
    for test in tests:
        below = scores[test][low[test]], control[low[CONTROL]]
        rows.append({"check": "background_scores", "test": test} | same_scores(*below))
        jets = features[test][low[test]], features[CONTROL][low[CONTROL]]
        rows.append({"check": "background_features", "test": test} | same_features(*jets))
    made = sum(np.isfinite(row["p_value"]) for row in rows)
    return [
        dict.fromkeys(COLUMNS) | row | {"passed": not row["p_value"] * made < level} for row in rows
    ]


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


def same_scores(test: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Whether two samples of scores (m,) and (n,) come from one distribution.

    The two-sample test of Cramer and von Mises (Anderson, Ann. Math. Stat. 33 (1962) 1148).
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    found = stats.cramervonmises_2samp(test, control)
    return {"statistic": float(found.statistic), "p_value": float(found.pvalue)}


def same_features(test: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Whether a classifier can tell two samples (m, d) and (n, d) apart.

    It is trained on one half of each and ranks the other (Lopez-Paz and Oquab, arXiv:1610.06545,
    with the test of Mann and Whitney); `statistic` is its area under the ROC curve. The halves'
    p-values are not independent: twice the smaller one is a p-value whatever their correlation.
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    halves = [
        stats.mannwhitneyu(scored, background, alternative="greater")
        for _, scored, _, background in cross_fitted(test, control, control)
    ]
    sizes = len(test) * len(control) / 4
    return {
        "statistic": float(np.mean([half.statistic for half in halves]) / sizes),
        "p_value": float(min(1.0, 2 * min(half.pvalue for half in halves))),
    }
