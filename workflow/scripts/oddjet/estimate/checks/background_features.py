"""Whether a classifier tells low-score jets of a test from those of control."""

from collections.abc import Iterator

import numpy as np
from scipy import special, stats
from sklearn.ensemble import HistGradientBoostingClassifier

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample
from oddjet.estimate.learnt_from import learnt_from

FOLDS = 5
# The folds' classifiers share most of their jets: the sum of what they find fluctuates more than a
# sum of independent numbers, as a ratio of standard deviations. 150 times 300 and 1,500 background
# jets with 62 features have 1.29 +- 0.07, and a mean of 0.04 +- 0.10.
TOGETHER = 1.3


def check(sample: Sample, test: str) -> dict[str, float]:
    """`same_features` of the low-score jets of a test and of control."""
    return same_features(*(sample.features[part][sample.low[part]] for part in (test, CONTROL)))


def same_features(
    test: np.ndarray, control: np.ndarray, contamination: float = 0.0
) -> dict[str, float]:
    """Whether a classifier can tell two samples (m, d) and (n, d) apart.

    It is trained on all folds but one and ranks that (Lopez-Paz and Oquab, arXiv:1610.06545, with
    the test of Mann and Whitney); `statistic` is its area under the ROC curve. What the folds find
    is added up (Stouffer), and divided by how much more it fluctuates than if they were
    independent.

    Args:
        contamination: share of the test that may be of any other kind. Told apart without an error
            it makes half of it of area.
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    areas, deviations = [], []
    for _, (scored, background) in cross_fitted(test, control):
        pairs = len(scored) * len(background)
        area = stats.mannwhitneyu(scored, background).statistic / pairs
        spread = np.sqrt((len(scored) + len(background) + 1) / 12 / pairs)
        areas.append(area)
        deviations.append((area - 0.5 - contamination / 2) / spread)
    together = np.sum(deviations) / np.sqrt(FOLDS) / TOGETHER
    return {"statistic": float(np.mean(areas)), "p_value": float(special.ndtr(-together))}


def cross_fitted(
    test: np.ndarray, control: np.ndarray
) -> Iterator[tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]]:
    """Score each fold of two samples (m, d) and (n, d) by a classifier of the others.

    Of many jets a part is learnt from.

    Yields:
        Which jets of both samples are in a fold, bool (m,) and (n,), and their scores.
    """
    rng = np.random.default_rng(0)
    of_test, of_control = (rng.permutation(len(part)) % FOLDS for part in (test, control))
    for fold in range(FOLDS):
        training = learnt_from(test[of_test != fold]), learnt_from(control[of_control != fold])
        model = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=50, early_stopping=False, random_state=0
        ).fit(np.concatenate(training), np.repeat([1, 0], [len(part) for part in training]))
        score = model.decision_function
        here = of_test == fold, of_control == fold
        yield here, (score(test[here[0]]), score(control[here[1]]))
