"""The common fit of all tests, on toys whose truth is known."""

import numpy as np
import pytest

from oddjet.estimate.estimators.joint import anchored, binned, fit, joint

CONTROL, TEST = 4000, 2000


def toy(rng: np.random.Generator, *fractions: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Uniform control scores, and tests whose signal leaves the lower half all but free."""
    tests = []
    for fraction in fractions:
        signal = rng.binomial(TEST, fraction)
        tests.append(np.concatenate([rng.random(TEST - signal), rng.beta(20, 1, signal)]))
    return rng.random(CONTROL), tests


@pytest.mark.parametrize(
    "pair", [(0.0, 0.0), (0.0, 1.0), (0.1, 0.6), (0.3, 0.7), (0.5, 0.5), (0.05, 0.98)]
)
def test_fractions_are_unbiased_and_their_errors_are_right(pair: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    repeats = 80
    found = [joint(*toy(rng, *pair), 0.5) for _ in range(repeats)]
    off = np.array([fractions for fractions, _ in found]) - pair
    deviation = np.sqrt([np.diag(covariance) for _, covariance in found])
    # three errors of the mean; signal of Beta(20, 1) has no jet below 0.5
    assert (np.abs(off.mean(0)) <= 3 * deviation.mean(0) / np.sqrt(repeats)).all()
    inside = np.abs(off) <= deviation
    for number, fraction in enumerate(pair):
        share = inside[:, number].mean()
        # 68% within three errors of a share of 80; at one the interval always holds it
        assert share >= 0.68 - 3 * np.sqrt(0.68 * 0.32 / repeats)
        assert fraction == 1 or share <= 0.68 + 3 * np.sqrt(0.68 * 0.32 / repeats)


def test_a_test_with_much_signal_makes_the_fraction_of_one_with_little_more_certain() -> None:
    control, tests = toy(np.random.default_rng(1), 0.1, 0.7)
    counts, stacked, anchor = binned(control, tests, 0.5)
    _, alone = anchored(counts, stacked, anchor)
    _, covariance = fit(counts, stacked, anchor)
    assert np.sqrt(covariance[0, 0]) < 0.6 * alone[0]


def test_one_test_is_left_with_its_anchor() -> None:
    control, (test,) = toy(np.random.default_rng(2), 0.4)
    fractions, covariance = joint(control, [test], 0.5)
    edge = np.sort(control)[CONTROL // 2 - 1]
    expected = 1 - (test <= edge).mean() / (control <= edge).mean()
    assert fractions[0] == pytest.approx(expected, abs=1e-12)
    # ratio of two shares: their relative binomial errors in quadrature
    shares = [(test <= edge).mean(), 0.5]
    relative = np.sqrt((1 - shares[0]) / shares[0] / TEST + 0.5 / 0.5 / CONTROL)
    assert np.sqrt(covariance[0, 0]) == pytest.approx((1 - expected) * relative, rel=1e-9)


def test_fractions_read_low_where_signal_reaches_into_the_anchor() -> None:
    rng = np.random.default_rng(3)
    signal = rng.beta(2, 1, TEST)  # a quarter of it below 0.5
    fractions, _ = joint(rng.random(CONTROL), [signal, rng.random(TEST)], 0.5)
    assert 0.3 < fractions[0] < 0.7


def test_few_events_and_a_constant_score_give_finite_errors() -> None:
    rng = np.random.default_rng(4)
    for control, tests in (
        (rng.random(60), [rng.random(5), 0.9 + rng.random(50) / 10]),
        (np.ones(60), [np.ones(50), np.ones(40)]),
    ):
        fractions, covariance = joint(control, tests, 0.5)
        assert np.isfinite(fractions).all()
        assert np.isfinite(covariance).all()


def test_more_control_jets_lower_the_error_to_that_of_the_tests() -> None:
    control, tests = toy(np.random.default_rng(5), 0.3, 0.7)
    counts, stacked, anchor = binned(control, tests, 0.5)
    spread = [fit(counts * factor, stacked, anchor)[1][1, 1] for factor in (1, 10, 1000)]
    assert spread[0] > spread[1] > spread[2] > 0
