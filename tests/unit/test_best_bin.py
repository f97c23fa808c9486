"""Best bin estimation, on toys whose truth is known."""

import numpy as np
import pytest

from oddjet.estimate import best_bin
from oddjet.estimate.estimators import bbe
from oddjet.estimate.given import Given

CONTROL, TEST = 2400, 3000


def toy(rng: np.random.Generator, fraction: float, sharpness: float) -> tuple[np.ndarray, ...]:
    """Uniform control scores, and a mixture with signal distributed as s ** (sharpness - 1)."""
    signal = rng.binomial(TEST, fraction)
    background, anomalous = rng.random(TEST - signal), rng.beta(sharpness, 1, signal)
    return rng.random(CONTROL), rng.permutation(np.concatenate([background, anomalous]))


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5, 0.9])
def test_best_bin_estimates_are_right_on_average_where_low_scores_are_background(
    fraction: float,
) -> None:
    rng = np.random.default_rng(2)
    repeats = [best_bin.bootstrap_best_bin(*toy(rng, fraction, 20), 1, rng)[0] for _ in range(60)]
    # what little signal there is in the region costs up to 0.005; the rest is the mean's own error
    allowed = 0.005 + 3 * np.std(repeats) / np.sqrt(60)
    assert abs(np.mean(repeats) - fraction) < allowed


def test_best_bin_estimates_read_low_and_not_high_where_signal_and_background_overlap() -> None:
    rng = np.random.default_rng(3)
    repeats = [best_bin.bootstrap_best_bin(*toy(rng, 0.6, 2.5), 1, rng)[0] for _ in range(30)]
    assert 0.4 < np.mean(repeats) < 0.6


def test_intervals_of_the_best_bin_hold_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(100):
        control, test = toy(rng, 0.5, 20)
        scores = {"normal_control": control, "test": test}
        given = Given(scores, max_fpr=0.1, fpr_confidence=0.95, anchor=0.5, bootstrap=200)
        best = bbe.estimate(given)["test"]
        _, low, high = best.at(0.68)
        held += low <= 0.5 <= high
    # 68 of 100 within 2 sigma below; replicas are split less often, so wider
    assert 58 <= held <= 90


def test_identical_samples_and_constant_scores_show_no_signal() -> None:
    scores = np.random.default_rng(7).random(500)
    rng = np.random.default_rng(8)
    assert abs(best_bin.bootstrap_best_bin(scores, scores, 1, rng)[0]) < 0.1
    assert best_bin.bootstrap_best_bin(np.ones(500), np.ones(300), 1, rng)[0] == 0
