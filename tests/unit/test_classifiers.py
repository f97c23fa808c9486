"""Classifiers that learn from unlabelled samples."""

import numpy as np
from sklearn.metrics import roc_auc_score

from oddjet.estimate.classifiers import classify


def features(seed: int = 0, low: float = 0.2, high: float = 0.6) -> dict[str, np.ndarray]:
    """A score that says little and two latents that say more: background 0, signal 2.

    Signal jets come last.
    """
    rng = np.random.default_rng(seed)

    def jets(events: int, signal: int) -> np.ndarray:
        shift = np.repeat([0.0, 2.0], [events - signal, signal])
        return rng.normal(size=(events, 3)) + np.column_stack([shift / 4, shift, shift])

    return {
        "normal_control": jets(1000, 0),
        "low": jets(800, round(800 * low)),
        "high": jets(800, round(800 * high)),
    }


def test_weak_and_cwola_separate_better_than_the_score_they_start_from() -> None:
    parts = features()
    scores = classify(parts)
    for kind in ("weak", "cwola"):
        for test, signal in (("low", 160), ("high", 480)):
            labels = np.repeat([0, 1], [800 - signal, signal])
            learnt = roc_auc_score(labels, scores[kind][test][test])
            assert learnt > roc_auc_score(labels, parts[test][:, 0]) + 0.1


def test_control_and_a_test_of_pure_background_are_scored_alike() -> None:
    parts = features(low=0.0)
    weak = classify(parts)["weak"]["low"]
    # ranks among the control jets of their half: uniform, their mean within three errors
    assert abs(weak["low"].mean() - 0.5) < 3 * np.sqrt(1 / 12 * (1 / 800 + 1 / 1000))
    assert abs(weak["normal_control"].mean() - 0.5) < 0.01


def test_one_test_has_no_other_to_be_told_from() -> None:
    parts = features()
    del parts["high"]
    assert list(classify(parts)) == ["weak"]


def test_simulated_signal_is_no_test() -> None:
    parts = features()
    assert list(classify(parts | {"signal": parts["high"]})["weak"]) == ["low", "high"]
