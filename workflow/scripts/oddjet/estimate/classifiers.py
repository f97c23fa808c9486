"""Small classifiers that learn what is anomalous from unlabelled samples alone."""

from collections.abc import Iterator, Mapping

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from oddjet.common.parts import CONTROL, tests_of


def classify(
    features: Mapping[str, np.ndarray],
) -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Score each test and control jets by two kinds of classifiers, each cross-fitted.

    `weak` tells the test from control jets: a jet's score grows with the share of anomalous jets
    among those like it (positive-unlabelled learning; Elkan and Noto, KDD 2008). `cwola` tells the
    test from the other tests, which differ from it only in their fractions (classification without
    labels; Metodiev, Nachman and Thaler, arXiv:1708.02949); it is there if there are several, and
    its sign is such that scores grow with the anomaly score.

    Args:
        features: by sample part, (N, d), the anomaly score in the first column.

    Returns:
        By kind and test, the scores of `normal_control` (n,) and of the test (m,).
    """
    control, tests = features[CONTROL], tests_of(features)
    kinds = {"weak": {test: _ranked(features[test], control, control) for test in tests}}
    if len(tests) > 1:
        kinds["cwola"] = {}
        for test in tests:
            others = np.concatenate([features[other] for other in tests if other != test])
            richer = features[test][:, 0].mean() > others[:, 0].mean()
            kinds["cwola"][test] = _ranked(features[test], others, control, 1 if richer else -1)
    return {
        kind: {
            test: {CONTROL: background, test: scores}
            for test, (scores, background) in by_test.items()
        }
        for kind, by_test in kinds.items()
    }


def cross_fitted(
    test: np.ndarray, against: np.ndarray, control: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Train a classifier on one half of two samples and score the other half, and vice versa.

    Args:
        test, against: features (N, d) of the two classes.
        control: features of the jets to score beside the test; may be `against`.

    Yields:
        For each half: which of the test (m,) bool, their scores, which of control, their scores.
    """
    rng = np.random.default_rng(0)
    test_half, against_half = (rng.permutation(len(part)) % 2 for part in (test, against))
    control_half = against_half if control is against else rng.permutation(len(control)) % 2
    for half in (0, 1):
        training = test[test_half != half], against[against_half != half]
        model = HistGradientBoostingClassifier(
            max_iter=40, max_leaf_nodes=8, min_samples_leaf=50, early_stopping=False, random_state=0
        ).fit(np.concatenate(training), np.repeat([1, 0], [len(part) for part in training]))
        here, there = test_half == half, control_half == half
        score = model.decision_function
        yield here, score(test[here]), there, score(control[there])


def _ranked(
    test: np.ndarray, against: np.ndarray, control: np.ndarray, sign: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-fitted scores of test and control, as ranks among the control jets of their half.

    Each half has a classifier of its own, with a scale of its own. `sign` -1 turns them around.
    """
    scored, background = np.empty(len(test)), np.empty(len(control))
    for here, of_test, there, of_control in cross_fitted(test, against, control):
        ordered = np.sort(sign * of_control)
        scored[here] = np.searchsorted(ordered, sign * of_test, side="right") / len(ordered)
        background[there] = np.searchsorted(ordered, sign * of_control, side="right") / len(ordered)
    return scored, background
