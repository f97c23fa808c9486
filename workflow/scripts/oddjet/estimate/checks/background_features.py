"""Whether a classifier tells low-score jets of a test from those of control."""

from collections.abc import Iterator

import numpy as np
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample


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
        for scored, background in _cross_fitted(test, control)
    ]
    sizes = len(test) * len(control) / 4
    return {
        "statistic": float(np.mean([half.statistic for half in halves]) / sizes),
        "p_value": float(min(1.0, 2 * min(half.pvalue for half in halves))),
    }


def _cross_fitted(test: np.ndarray, control: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores of one half of two samples by a classifier of the other half, and vice versa."""
    rng = np.random.default_rng(0)
    of_test, of_control = (rng.permutation(len(part)) % 2 for part in (test, control))
    for half in (0, 1):
        training = test[of_test != half], control[of_control != half]
        model = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=50, early_stopping=False, random_state=0
        ).fit(np.concatenate(training), np.repeat([1, 0], [len(part) for part in training]))
        score = model.decision_function
        yield score(test[of_test == half]), score(control[of_control == half])
