"""Fractions from the shapes of score distributions, on toys whose truth is known."""

import numpy as np
import pytest

from oddjet.common import histograms
from oddjet.estimate import best_bin, fractions

CONTROL, TEST = 2400, 3000


def toy(rng: np.random.Generator, fraction: float, sharpness: float) -> tuple[np.ndarray, ...]:
    """Uniform control scores, and a mixture with signal distributed as s ** (sharpness - 1)."""
    signal = rng.binomial(TEST, fraction)
    background, anomalous = rng.random(TEST - signal), rng.beta(sharpness, 1, signal)
    return rng.random(CONTROL), rng.permutation(np.concatenate([background, anomalous]))


def test_counts_are_those_of_a_plain_loop() -> None:
    scores, edges = np.array([0.0, 1.0, 1.5, 2.0, 7.0]), np.array([1.0, 2.0])
    assert histograms.count(scores, edges).tolist() == [2, 2, 1]


def test_bins_hold_about_as_many_control_jets_and_ties_make_fewer() -> None:
    scores = np.random.default_rng(1).random(1000)
    counts = histograms.count(scores, histograms.quantile_edges(scores, 10))
    assert counts.tolist() == [100] * 10
    assert len(histograms.quantile_edges(np.ones(50), 10)) == 1


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
        found = fractions.estimates(
            scores, {}, max_fpr=0.1, fpr_confidence=0.95, anchor=0.5, bootstrap=200
        )
        (best,) = (estimate for estimate in found if estimate.estimator == "bbe")
        _, low, high = best.at(0.68)
        held += low <= 0.5 <= high
    # 68 of 100 within 2 sigma below; replicas are split less often, so wider
    assert 58 <= held <= 90


@pytest.mark.parametrize(("fraction", "sharpness"), [(0.0, 20), (0.5, 20), (0.5, 1.5), (1.0, 3)])
def test_the_lower_bound_holds_whatever_the_signal_is(fraction: float, sharpness: float) -> None:
    rng = np.random.default_rng(5)
    held = [
        best_bin.lower_bound(*toy(rng, fraction, sharpness), 0.9) <= fraction for _ in range(100)
    ]
    assert np.mean(held) >= 0.9


def test_the_lower_bound_is_of_use_with_a_good_score() -> None:
    control, test = toy(np.random.default_rng(6), 0.5, 20)
    assert best_bin.lower_bound(control, test, 0.9) > 0.4


def test_identical_samples_and_constant_scores_show_no_signal() -> None:
    scores = np.random.default_rng(7).random(500)
    rng = np.random.default_rng(8)
    assert abs(best_bin.bootstrap_best_bin(scores, scores, 1, rng)[0]) < 0.1
    assert best_bin.lower_bound(scores, scores, 0.68) == 0
    assert best_bin.bootstrap_best_bin(np.ones(500), np.ones(300), 1, rng)[0] == 0
    assert best_bin.lower_bound(np.ones(500), np.ones(300), 0.68) == 0
