"""The lower bound, on toys whose truth is known."""

import numpy as np
import pytest

from oddjet.estimate.estimators.lower_bound import lower_bound

CONTROL, TEST = 2400, 3000


def toy(rng: np.random.Generator, fraction: float, sharpness: float) -> tuple[np.ndarray, ...]:
    """Uniform control scores, and a mixture with signal distributed as s ** (sharpness - 1)."""
    signal = rng.binomial(TEST, fraction)
    background, anomalous = rng.random(TEST - signal), rng.beta(sharpness, 1, signal)
    return rng.random(CONTROL), rng.permutation(np.concatenate([background, anomalous]))


@pytest.mark.parametrize(("fraction", "sharpness"), [(0.0, 20), (0.5, 20), (0.5, 1.5), (1.0, 3)])
def test_the_lower_bound_holds_whatever_the_signal_is(fraction: float, sharpness: float) -> None:
    rng = np.random.default_rng(5)
    held = [lower_bound(*toy(rng, fraction, sharpness), 0.9) <= fraction for _ in range(100)]
    assert np.mean(held) >= 0.9


def test_the_lower_bound_is_of_use_with_a_good_score() -> None:
    control, test = toy(np.random.default_rng(6), 0.5, 20)
    assert lower_bound(control, test, 0.9) > 0.4


def test_identical_samples_and_constant_scores_have_no_lower_bound_above_zero() -> None:
    scores = np.random.default_rng(7).random(500)
    assert lower_bound(scores, scores, 0.68) == 0
    assert lower_bound(np.ones(500), np.ones(300), 0.68) == 0
