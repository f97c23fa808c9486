"""How much lower a fraction reads: measured where it can be, and allowed for where it cannot."""

import numpy as np
import pytest

from oddjet.estimate.estimators.joint import joint
from oddjet.estimate.overlap import Overlap, overlap

ANCHOR = 0.5


def samples(
    rng: np.random.Generator, fraction: float, power: float, jets: int
) -> tuple[np.ndarray, np.ndarray]:
    """Control, uniform; and a test whose anomalous jets have a density ~ score ** power."""
    signal = rng.binomial(jets, fraction)
    test = np.concatenate([rng.random(jets - signal), rng.random(signal) ** (1 / (power + 1))])
    return rng.random(2 * jets), test


def test_a_density_that_falls_linearly_to_zero_gives_the_leak_that_is_there() -> None:
    control, test = samples(np.random.default_rng(0), 0.4, power=1.0, jets=400_000)
    found = overlap(control, [test], ANCHOR)
    # T(A) / B(A) = 0.25 / 0.5
    assert found.leak == pytest.approx(0.4 * 0.5, abs=4 * found.deviation)
    assert found.fraction == pytest.approx(0.4 * 0.5, abs=0.01)
    assert found.least == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0, 20.0])
def test_the_truth_lies_between_the_fraction_and_what_is_allowed_above_it(power: float) -> None:
    control, test = samples(np.random.default_rng(1), 0.4, power, jets=200_000)
    (fraction,), covariance = joint(control, [test], ANCHOR)
    found = overlap(control, [test], ANCHOR)
    error = 3 * np.sqrt(covariance[0, 0])
    assert fraction - error < 0.4 < fraction + found.allowance(fraction, len(test)) + error


def test_a_clear_signal_leaves_an_allowance_of_the_size_of_its_own_uncertainty() -> None:
    control, test = samples(np.random.default_rng(2), 0.4, power=40.0, jets=3000)
    found = overlap(control, [test], ANCHOR)
    assert found.least == 0
    assert abs(found.leak) < 3 * found.deviation
    assert found.deviation <= found.allowance(0.4, len(test)) < 4 * found.deviation


def test_few_jets_leave_a_larger_allowance() -> None:
    few, many = (
        overlap(*(lambda c, t: (c, [t]))(*samples(np.random.default_rng(3), 0.4, 40.0, n)), ANCHOR)
        for n in (300, 30_000)
    )
    assert few.deviation == pytest.approx(10 * many.deviation, rel=0.3)


def test_each_test_has_its_share_and_a_test_without_signal_none() -> None:
    found = Overlap(leak=0.1, deviation=0.0, fraction=0.5, jets=1000)
    allowed = [found.allowance(f, 500) for f in (-0.1, 0.0, 0.25, 0.5)]
    assert allowed == pytest.approx([0, 0, 0.05, 0.1])


def test_a_small_test_of_most_anomalous_jets_has_its_share_beside_a_large_one_of_few() -> None:
    rng = np.random.default_rng(4)
    control, large = samples(rng, 0.02, power=1.0, jets=400_000)
    _, small = samples(rng, 0.7, power=1.0, jets=60_000)
    found = overlap(control, [large, small], ANCHOR)
    # half of what there is shows, as the density falls linearly to zero
    assert found.allowance(0.35, len(small)) == pytest.approx(0.35, rel=0.2)


def test_a_test_has_no_more_than_if_all_anomalous_jets_were_its() -> None:
    unclear = Overlap(leak=0.0, deviation=0.01, fraction=0.001, jets=1000)
    assert unclear.allowance(0.3, 500) == pytest.approx(0.02)


def test_scores_that_are_all_the_same_leave_finite_numbers() -> None:
    found = overlap(np.full(50, 0.3), [np.full(20, 0.3)], ANCHOR)
    assert np.isfinite([found.leak, found.deviation, found.allowance(0.0, 20)]).all()
