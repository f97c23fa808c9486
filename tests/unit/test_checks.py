"""Checks without labels: they hold where the assumptions do, and fail where they do not."""

import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier

from oddjet.estimate.check import Sample, check
from oddjet.estimate.checks import background_features, background_halves
from oddjet.estimate.checks.background_features import cross_fitted, same_features
from oddjet.estimate.checks.background_scores import same_scores
from oddjet.estimate.checks.proportionality import proportionality
from oddjet.estimate.declared import CHECKS
from oddjet.estimate.ensemble import rank

CONTROL, TEST = 3000, 1500


def mixed(
    rng: np.random.Generator, fraction: float, sharpness: float = 20, tilt: float = 1.0
) -> np.ndarray:
    """Background scores u ** tilt of uniform u, and signal of Beta(sharpness, 1)."""
    signal = rng.binomial(TEST, fraction)
    return np.concatenate([rng.random(TEST - signal) ** tilt, rng.beta(sharpness, 1, signal)])


@pytest.mark.parametrize("pair", [(0.3, 0.7), (0.0, 0.5), (0.1, 0.9), (0.0, 0.0)])
def test_p_values_of_proportionality_are_uniform_where_it_holds(pair: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    found = [
        proportionality(rng.random(CONTROL), *(mixed(rng, f) for f in pair), 0.68)["p_value"]
        for _ in range(100)
    ]
    # the probability of so uneven p-values is below 0.1% where they are uniform; without any
    # excess the ratio is no free parameter, so that p-values lean to large ones and not to small
    side = "two-sided" if max(pair) else "greater"
    assert stats.kstest(found, "uniform", alternative=side).pvalue > 1e-3


def test_ratio_of_fractions_is_found_whatever_the_signal_is() -> None:
    rng = np.random.default_rng(1)
    for sharpness in (1.5, 20):  # with and without overlap
        found = [
            proportionality(
                rng.random(CONTROL), mixed(rng, 0.3, sharpness), mixed(rng, 0.6, sharpness), 0.68
            )
            for _ in range(60)
        ]
        ratios = np.array([row["ratio"] for row in found])
        # a ratio of two noisy numbers is biased by the square of the relative error, up to 0.03
        assert abs(ratios.mean() - 0.5) < 3 * ratios.std() / np.sqrt(60) + 0.03
        held = np.mean([row["ratio_low"] < 0.5 < row["ratio_high"] for row in found])
        assert 0.5 < held < 0.86  # 68% within three errors of a share of 60


def test_different_signals_in_two_tests_fail_proportionality() -> None:
    rng = np.random.default_rng(2)
    found = proportionality(rng.random(CONTROL), mixed(rng, 0.3, 3), mixed(rng, 0.6, 20), 0.68)
    assert found["p_value"] < 1e-3


def test_another_background_in_the_tests_fails_the_checks() -> None:
    rng = np.random.default_rng(3)
    low, high = (mixed(rng, f, tilt=1.5) for f in (0.2, 0.5))
    control = rng.random(CONTROL)
    assert proportionality(control, low, high, 0.68)["p_value"] < 1e-2
    assert same_scores(low[low < 0.5], control[control < 0.5])["p_value"] < 1e-2


def features(rng: np.random.Generator, scores: np.ndarray, shift: float) -> np.ndarray:
    return np.column_stack([scores, rng.normal(shift, size=(len(scores), 2))])


def test_checks_are_made_on_every_test_and_pair_and_all_passed_where_all_is_well() -> None:
    rng = np.random.default_rng(4)
    scores = {"normal_control": rng.random(CONTROL)} | {
        name: mixed(rng, f) for name, f in (("low", 0.2), ("high", 0.6), ("other", 0.4))
    }
    parts = {name: features(rng, values, 0) for name, values in scores.items()}
    rows = check(Sample(scores, parts, 0.5, 0.68), 0.01)
    made = [(row["check"], row["test"], row.get("other")) for row in rows]
    tests = ("low", "high", "other")
    pairs = [("low", "high"), ("low", "other"), ("other", "high")]
    assert set(made) == {("proportionality", *pair) for pair in pairs} | {
        (kind, test, None) for kind in list(CHECKS)[1:] for test in tests
    }
    assert all(row["passed"] for row in rows)


def test_latents_of_another_background_are_noticed_where_its_scores_are_alike() -> None:
    rng = np.random.default_rng(5)
    scores = {"normal_control": rng.random(CONTROL), "low": mixed(rng, 0.2)}
    parts = {name: features(rng, values, 0.5 * (name == "low")) for name, values in scores.items()}
    failed = [
        row["check"] for row in check(Sample(scores, parts, 0.5, 0.68), 0.01) if not row["passed"]
    ]
    assert failed == ["background_features"]


MANY = 24  # features


def halves(test: np.ndarray, control: np.ndarray) -> float:
    parts = {"normal_control": control, "low": test}
    return background_halves.check(Sample({}, parts, 0.5, 0.68), "low")["p_value"]


@pytest.mark.parametrize("fraction", [0.0, 0.4, 0.7])
def test_anomalous_jets_that_differ_in_many_features_are_no_other_background(
    fraction: float,
) -> None:
    rng = np.random.default_rng(7)
    control, test = rng.normal(size=(2000, MANY)), rng.normal(size=(1500, MANY))
    test[: round(fraction * len(test))] += 0.8
    assert halves(test, control) > 0.05


def test_a_background_that_differs_in_some_features_is_noticed_though_the_score_learnt_it() -> None:
    rng = np.random.default_rng(8)
    control, test = rng.normal(size=(2000, MANY)), rng.normal(size=(1500, MANY))
    test[:450] += 0.8
    test[:, :4] += 0.7
    assert halves(test, control) < 1e-6
    assert np.isnan(halves(test[:, :19], control[:, :19]))  # halves of few features see too little


@pytest.mark.parametrize("which", ["scores", "features"])
def test_p_values_of_the_background_are_not_too_small_where_it_is_the_same(which: str) -> None:
    rng = np.random.default_rng(6)
    if which == "scores":
        found = [same_scores(rng.random(300), rng.random(900)) for _ in range(100)]
    else:
        jets = ((rng.normal(size=(150, 3)), rng.normal(size=(300, 3))) for _ in range(40))
        found = [same_features(*pair) for pair in jets]
    p_values = [row["p_value"] for row in found]
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > 1e-3


def test_equal_scores_as_ranks_among_few_control_jets_are_no_other_background() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        control, test = rng.random(100), rng.random(3000)
        ranked = (rank(values, control) for values in (test, control))
        found.append(same_scores(*ranked)["p_value"])
    assert stats.kstest(found, "uniform").pvalue > 1e-3


def test_what_cannot_be_checked_has_no_p_value_and_is_not_failed() -> None:
    constant = {"normal_control": np.ones(100), "low": np.ones(50), "high": np.full(10, 2.0)}
    parts = {name: scores[:, None] for name, scores in constant.items()}
    rows = check(Sample(constant, parts, 0.5, 0.68), 0.01)
    of_few = [row for row in rows if row["test"] == "high"]
    assert all(np.isnan(row["p_value"]) and row["passed"] for row in of_few)


def test_of_many_jets_a_part_teaches_a_check_and_all_are_scored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Counted(HistGradientBoostingClassifier):
        def fit(self, jets: np.ndarray, of_test: np.ndarray) -> "Counted":
            taught.append(tuple(np.bincount(of_test)))
            return super().fit(jets, of_test)

    taught: list[tuple[int, ...]] = []
    monkeypatch.setattr("oddjet.estimate.learnt_from.MOST", 500)
    monkeypatch.setattr(background_features, "HistGradientBoostingClassifier", Counted)
    rng = np.random.default_rng(0)
    test, control = rng.normal(size=(1000, 2)), rng.normal(size=(2000, 2))
    found = list(cross_fitted(test, control))
    # four fifths of both: every second of 800, every fourth of 1,600
    assert set(taught) == {(400, 400)}
    for part, jets in enumerate((test, control)):
        assert sum(len(scores[part]) for _, scores in found) == len(jets)
        assert np.sum([here[part] for here, _ in found], axis=0).tolist() == [1] * len(jets)
