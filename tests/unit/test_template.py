"""The fit with simulated anomalous jets."""

import numpy as np
import pytest

from oddjet.estimate.estimators.template import template


@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.8])
def test_template_is_unbiased_even_where_signal_and_background_overlap(fraction: float) -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        signal = rng.binomial(1000, fraction)
        test = np.concatenate([rng.random(1000 - signal), rng.beta(2, 1, signal)])
        found.append(template(rng.random(3000), rng.beta(2, 1, 2000), test))
    values, errors = np.array(found).T
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
