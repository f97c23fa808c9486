"""Confidence intervals against those of scipy.stats."""

import numpy as np
import pytest
from scipy import stats

from oddjet.common.intervals import sigmas, upper_limit


@pytest.mark.parametrize("confidence", [0.5, 0.68, 0.9, 0.95, 0.999])
def test_a_normal_number_is_within_so_many_standard_deviations(confidence: float) -> None:
    assert stats.norm.interval(confidence)[1] == pytest.approx(sigmas(confidence), rel=1e-12)


@pytest.mark.parametrize("events", [1, 29, 1000, 1_000_000])
@pytest.mark.parametrize("confidence", [0.68, 0.95, 0.999])
def test_the_upper_limit_is_that_of_clopper_and_pearson(events: int, confidence: float) -> None:
    passed = np.unique(np.linspace(0, events - 1, 7).astype(int))
    expected = [
        # the two-sided interval of 2c - 1 ends where the one-sided one of c does
        stats.binomtest(int(k), events).proportion_ci(2 * confidence - 1, "exact").high
        for k in passed
    ]
    found = upper_limit(passed, events, confidence)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=2e-12)  # SciPy solves to 2e-12
