"""Whether a classifier tells low-score jets of a test from those of control."""

from collections.abc import Iterator

import numpy as np
from scipy import special, stats
from sklearn.ensemble import HistGradientBoostingClassifier

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample

FOLDS = 5
# The folds' classifiers share most of their jets: the sum of what they find fluctuates more than a
# sum of independent numbers, as a ratio of standard deviations. 150 times 300 and 1,500 background
# jets with 62 features have 1.29 +- 0.07, and a mean of 0.04 +- 0.10.
TOGETHER = 1.3
FINITE = 1e-15  # least p-value of a fold, and from 1: its normal number stays finite


def check(sample: Sample, test: str) -> dict[str, float]:
    """`same_features` of the low-score jets of a test and of control."""
    return same_features(*(sample.features[part][sample.low[part]] for part in (test, CONTROL)))


def same_features(test: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Whether a classifier can tell two samples (m, d) and (n, d) apart.

    It is trained on all folds but one and ranks that (Lopez-Paz and Oquab, arXiv:1610.06545, with
    the test of Mann and Whitney); `statistic` is its area under the ROC curve. What the folds find
    is added up (Stouffer), and divided by how much more it fluctuates than if they were
    independent.
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    areas, p_values = [], []
    for scored, background in _cross_fitted(test, control):
        found = stats.mannwhitneyu(scored, background, alternative="greater")
        areas.append(found.statistic / len(scored) / len(background))
        p_values.append(np.clip(found.pvalue, FINITE, 1 - FINITE))
    together = stats.combine_pvalues(p_values, method="stouffer").statistic / TOGETHER
    return {"statistic": float(np.mean(areas)), "p_value": float(special.ndtr(-together))}


def _cross_fitted(test: np.ndarray, control: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores of each fold of two samples by a classifier of the others."""
    rng = np.random.default_rng(0)
    of_test, of_control = (rng.permutation(len(part)) % FOLDS for part in (test, control))
    for fold in range(FOLDS):
        training = test[of_test != fold], control[of_control != fold]
        model = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=50, early_stopping=False, random_state=0
        ).fit(np.concatenate(training), np.repeat([1, 0], [len(part) for part in training]))
        score = model.decision_function
        yield score(test[of_test == fold]), score(control[of_control == fold])
