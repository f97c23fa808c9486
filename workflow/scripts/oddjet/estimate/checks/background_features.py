"""Whether a classifier tells low-score jets of a test from those of control."""

import numpy as np
from scipy import stats

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample
from oddjet.estimate.classifiers import cross_fitted


def check(sample: Sample, test: str) -> dict[str, float]:
    """`same_features` of the low-score jets of a test and of control."""
    return same_features(*(sample.features[part][sample.low[part]] for part in (test, CONTROL)))


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
