"""The fits of shapes: with simulated anomalous jets, and with normally distributed ones."""

import numpy as np
import pytest

from oddjet.estimate.estimators.binormal import binormal
from oddjet.estimate.estimators.template import template


def fitted(rng: np.random.Generator, fraction: float, power: int) -> tuple[np.ndarray, np.ndarray]:
    """Fractions and deviations of 40 tests whose anomalous jets have a density ~ x^(power - 1)."""
    found = []
    for _ in range(40):
        signal = rng.binomial(1000, fraction)
        test = np.concatenate([rng.random(1000 - signal), rng.beta(power, 1, signal)])
        found.append(template(rng.random(3000), rng.beta(power, 1, 2000), test))
    values, errors = np.array(found).T
    return values, errors


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.8])
def test_template_is_unbiased_even_where_signal_and_background_overlap(fraction: float) -> None:
    values, errors = fitted(np.random.default_rng(0), fraction, 2)
    # three errors of the mean
    assert abs(values.mean() - fraction) < 3 * errors.mean() / np.sqrt(40)
    # 40 values give their own spread to 11%, and at 0.05 the limit at zero cuts it
    assert values.std() < 1.4 * errors.mean()


def test_template_of_pure_background_and_of_pure_signal_stays_within_zero_and_one() -> None:
    rng = np.random.default_rng(1)
    for test, expected in ((rng.random(500), 0), (rng.beta(9, 1, 500), 1)):
        value, error = template(rng.random(2000), rng.beta(9, 1, 2000), test)
        assert 0 <= value <= 1
        assert value == pytest.approx(expected, abs=0.05)
        assert 0 <= error < 0.1


@pytest.mark.parametrize("fraction", [0.0, 0.02])
def test_the_deviation_of_a_template_fit_covers_a_fraction_at_its_limit(fraction: float) -> None:
    values, errors = fitted(np.random.default_rng(2), fraction, 4)
    assert (values < 1e-3).any()
    assert errors.min() > 0.8 * errors.max()
    assert (np.abs(values - fraction) < errors).mean() > 0.6  # 68%, of 40


@pytest.mark.parametrize(("fraction", "seeds"), [(0.0, (29, 77, 86)), (1.0, (15, 25, 36))])
def test_the_deviation_of_a_binormal_fit_is_that_of_the_jets_where_a_parameter_is_at_its_limit(
    fraction: float, seeds: tuple[int, ...]
) -> None:
    for seed in seeds:
        rng = np.random.default_rng(seed)
        signal = round(1000 * fraction)
        test = np.concatenate([rng.normal(size=1000 - signal), rng.normal(2, 1, signal)])
        value, error = binormal(rng.normal(size=3000), test)
        assert abs(value - fraction) < 2 * error
        assert 0.005 < error < 0.05
