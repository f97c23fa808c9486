"""Is there anything: p-values that are what they say, and how little would be seen."""

import numpy as np
import pytest
from scipy import special, stats

from oddjet.estimate import ensemble
from oddjet.estimate.discovery import (
    QUANTILES,
    _log_p_values,
    background_log_p_value,
    expected_fraction,
    passing,
    significance,
    tabulate,
)
from oddjet.estimate.overlap import overlap

CONTROL, TEST = 2000, 1000


def test_p_values_of_pure_background_are_uniform_with_the_search_included() -> None:
    rng = np.random.default_rng(0)
    found = [
        np.exp(background_log_p_value(rng.random(CONTROL), rng.random(TEST))) for _ in range(500)
    ]
    assert stats.kstest(found, "uniform").pvalue > 1e-3
    # at most 5% below 0.05, within three errors of a share of 500
    assert np.mean(np.array(found) < 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_p_values_of_counts_are_those_of_fishers_exact_test() -> None:
    found = np.array([0, 1, 3, 40, 41, 60])
    expected = stats.hypergeom.logsf(found - 1, CONTROL + TEST, TEST, 60)
    # the logarithms of factorials of thousands are right to 4e-12 (against exact fractions)
    np.testing.assert_allclose(
        _log_p_values(found, CONTROL + TEST, TEST, 60), expected, rtol=0, atol=1e-10
    )


def test_an_excess_in_the_highest_scores_is_as_significant_as_a_simple_count_of_it() -> None:
    rng = np.random.default_rng(1)
    test = np.concatenate([rng.random(TEST - 60), 2 + rng.random(60)])
    control = rng.random(CONTROL)
    found = background_log_p_value(control, test)
    # the 60 highest of all jets, and what a search over six cuts costs at most
    alone = stats.hypergeom.logsf(59, CONTROL + TEST, TEST, 60)
    assert alone - 1 < found < alone + np.log(6) + 5
    assert significance(found) > 5


def test_fluctuations_that_are_larger_than_those_of_independent_jets_make_it_less_sure() -> None:
    rng = np.random.default_rng(2)
    test, control = np.concatenate([rng.random(950), 1 + rng.random(50)]), rng.random(CONTROL)
    one, other = (significance(background_log_p_value(control, test, w)) for w in (1.0, 1.2))
    # in standard deviations before the search is paid for
    assert other == pytest.approx(one / 1.2, rel=0.06)


def test_a_deficit_is_no_discovery() -> None:
    rng = np.random.default_rng(3)
    assert significance(background_log_p_value(rng.random(CONTROL), 0.5 * rng.random(TEST))) == 0


@pytest.mark.parametrize("wanted", [3, 5])
def test_half_of_the_tests_at_the_expected_fraction_reach_the_significance(wanted: int) -> None:
    rng = np.random.default_rng(4)
    control = rng.random(CONTROL)
    signal = 0.9 + 0.2 * rng.random(100_000)  # half of it within control's range
    fraction = expected_fraction(control, TEST, passing(signal, control), wanted)
    found = []
    for _ in range(200):
        anomalous = rng.binomial(TEST, fraction)
        drawn = np.concatenate([rng.random(TEST - anomalous), rng.choice(signal, anomalous)])
        found.append(significance(background_log_p_value(rng.random(CONTROL), drawn)))
    # the search costs less than all of its cuts, the best of several fluctuates upwards, and a jet
    # more above the highest cut is half a standard deviation
    assert wanted - 0.5 < np.median(found) < wanted + 1.0


def test_more_jets_see_smaller_fractions_and_a_score_without_power_sees_none() -> None:
    control = np.random.default_rng(5).random(CONTROL)
    clear = np.ones(len(QUANTILES))
    few, many = (expected_fraction(control, n, clear, 5) for n in (300, 3000))
    assert 0 < many < few < 1
    assert np.isnan(expected_fraction(control, 300, passing(control, control), 3))


def test_without_a_visible_excess_the_sensitivity_is_that_to_the_clearest_signal() -> None:
    rng = np.random.default_rng(6)
    scores = {"normal_control": rng.random(CONTROL), "none": rng.random(TEST)}
    leak = overlap(scores["normal_control"], [scores["none"]], 0.5)
    (row,) = tabulate(scores, leak, 0.5, 1.0)
    best = expected_fraction(scores["normal_control"], TEST, np.ones(len(QUANTILES)), 3)
    assert row["expected_3sigma"] == pytest.approx(best)
    assert row["expected_3sigma"] < row["expected_5sigma"]
    assert row["significance"] < 4


def test_ranks_among_control_are_as_uniform_as_the_scores_themselves() -> None:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(500):
        control, test = rng.random(600), rng.random(600)
        ranked = [ensemble.rank(part, control) for part in (control, test)]
        of_ranks, of_scores = (
            np.exp(background_log_p_value(*parts)) for parts in (ranked, (control, test))
        )
        assert of_ranks == of_scores
        found.append(of_ranks)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_scores_that_are_all_the_same_show_nothing_and_would_show_nothing() -> None:
    scores = {"normal_control": np.full(50, 0.3), "low": np.full(20, 0.3)}
    leak = overlap(scores["normal_control"], [scores["low"]], 0.5)
    (row,) = tabulate(scores, leak, 0.5, 1.0)
    assert (row["p_background"], row["significance"]) == (1.0, 0.0)
    flat = passing(scores["normal_control"], scores["normal_control"])
    assert np.isnan(expected_fraction(scores["normal_control"], 20, flat, 3))


def test_overdispersion_divides_standard_deviations_of_both_signs_after_the_search() -> None:
    rng = np.random.default_rng(8)
    for moved in (-0.2, 0.0, 0.05, 0.5, 3.0):
        parts = rng.normal(size=600), rng.normal(size=400) + moved
        plain, wider = (
            special.ndtri_exp(background_log_p_value(*parts, factor)) for factor in (1.0, 1.25)
        )
        assert wider == pytest.approx(plain / 1.25)
