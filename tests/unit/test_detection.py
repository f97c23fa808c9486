"""Figures of merit against truth, compared with plain counting."""

import numpy as np
import pytest

from oddjet.evaluate.detection import POINTS, curve, detection, followed, tables
from oddjet.evaluate.truth import by_part, labelled, with_control


def scored(seed: int, decimals: int, events: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(events) < 0.4).astype(np.int8)
    return labels, (rng.normal(size=events) + labels).round(decimals)


def rates(labels: np.ndarray, score: np.ndarray) -> list[tuple[float, float]]:
    """(false, true) positive rate of each cut, from the strictest: none passes."""
    points = []
    for cut in [np.inf, *sorted(set(score.tolist()), reverse=True)]:
        passed = [0, 0]
        for label, value in zip(labels, score, strict=True):
            passed[label] += value >= cut
        points.append((passed[0] / (labels == 0).sum(), passed[1] / (labels == 1).sum()))
    return points


@pytest.mark.parametrize("decimals", [8, 1, 0])
@pytest.mark.parametrize("seed", range(4))
def test_auc_is_the_share_of_pairs_in_the_right_order(seed: int, decimals: int) -> None:
    labels, score = scored(seed, decimals)
    right = 0.0
    for anomalous in score[labels == 1]:
        for normal in score[labels == 0]:
            right += 1.0 if anomalous > normal else 0.5 if anomalous == normal else 0.0
    pairs = (labels == 1).sum() * (labels == 0).sum()
    # a sum of at most sixty trapezia: some roundings
    assert detection(labels, score, 0.1)["auc"] == pytest.approx(right / pairs, rel=1e-12)


@pytest.mark.parametrize("decimals", [8, 1, 0])
@pytest.mark.parametrize("max_fpr", [0.01, 0.1, 0.35])
@pytest.mark.parametrize("seed", range(4))
def test_efficiency_is_the_best_of_all_cuts_that_keep_the_false_positive_rate(
    seed: int, max_fpr: float, decimals: int
) -> None:
    labels, score = scored(seed, decimals)
    best = max(tpr for fpr, tpr in rates(labels, score) if fpr <= max_fpr)
    assert detection(labels, score, max_fpr)["tpr_at_max_fpr"] == best


@pytest.mark.parametrize("decimals", [8, 1, 0])
@pytest.mark.parametrize("seed", range(4))
def test_rejection_is_that_of_the_strictest_cut_with_an_efficiency_of_30_percent(
    seed: int, decimals: int
) -> None:
    labels, score = scored(seed, decimals)
    fpr = min(fpr for fpr, tpr in rates(labels, score) if tpr >= 0.3)
    expected = 1 / fpr if fpr else np.inf
    # the inverse of one quotient
    assert detection(labels, score, 0.1)["rejection_at_30"] == pytest.approx(expected, rel=1e-14)


def test_cuts_along_a_straight_piece_of_the_roc_curve_count_as_well() -> None:
    # one normal and one anomalous jet tied at each score: the diagonal, point by point
    labels, score = np.tile([0, 1], 10), np.repeat(np.arange(10), 2)
    row = detection(labels, score, 0.1)
    assert row["tpr_at_max_fpr"] == 0.1
    assert row["rejection_at_30"] == pytest.approx(1 / 0.3)


def test_perfect_separation_has_infinite_rejection() -> None:
    row = detection(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4]), 0.1)
    assert row == {
        "auc": 1.0,
        "tpr_at_max_fpr": 1.0,
        "rejection_at_30": np.inf,
        "auc_p_value": 1.0,
    }


def test_constant_scores_separate_nothing() -> None:
    row = detection(np.array([0, 1, 1]), np.zeros(3), 0.1)
    assert (row["auc"], row["tpr_at_max_fpr"], row["rejection_at_30"]) == (0.5, 0, 1)


@pytest.mark.parametrize("label", [0, 1])
def test_a_single_class_has_no_figure_of_merit(label: int) -> None:
    row = detection(np.full(5, label), np.arange(5.0), 0.1)
    assert len(row) == 4
    assert all(np.isnan(value) for value in row.values())


@pytest.mark.parametrize("decimals", [8, 1, 0])
@pytest.mark.parametrize("seed", range(4))
def test_points_of_a_roc_curve_are_cuts_and_hold_its_area(seed: int, decimals: int) -> None:
    labels, score = scored(seed, decimals)
    tpr, fpr = curve(labels, score).T
    assert set(zip(fpr.tolist(), tpr.tolist(), strict=True)) <= set(rates(labels, score))
    area = detection(labels, score, 0.1)["auc"]
    assert np.trapezoid(tpr, fpr) == pytest.approx(area, rel=1e-12)  # roundings of a sum


def test_a_long_roc_curve_keeps_the_strictest_cut_of_each_efficiency() -> None:
    labels, score = scored(0, 8, 20_000)
    tpr, fpr = curve(labels, score).T
    assert len(tpr) <= POINTS + 2
    assert (tpr[0], fpr[0], tpr[-1], fpr[-1]) == (0, 0, 1, 1)
    area = detection(labels, score, 0.1)["auc"]
    assert np.trapezoid(tpr, fpr) == pytest.approx(area, abs=0.002)  # steps of 1 / 500
    anomalous, normal = np.sort(score[labels == 1])[::-1], score[labels == 0]
    for level in (0.02, 0.1, 0.3, 0.5, 0.9, 1):
        strictest = anomalous[int(np.ceil(level * len(anomalous) - 1e-9)) - 1]
        point = np.searchsorted(tpr, level - 1e-12)
        assert fpr[point] == pytest.approx((normal >= strictest).mean(), rel=1e-12)


@pytest.mark.parametrize("label", [0, 1])
def test_a_single_class_has_no_roc_curve(label: int) -> None:
    assert curve(np.full(5, label), np.arange(5.0)).shape == (0, 2)


def test_order_of_events_changes_nothing() -> None:
    labels, score = scored(0, 1)
    order = np.argsort(labels)
    assert detection(labels, score, 0.1) == detection(labels[order], score[order], 0.1)


# What stands in for normal jets, and what a score follows


def test_control_jets_stand_in_where_no_test_holds_normal_ones() -> None:
    parts = {
        "normal_control": np.array([1.0, 2.0]),
        "a": np.array([3.0]),
        "b": np.array([4.0, 5.0]),
    }
    anomalous, mixed = {"a": np.array([1])}, {"a": np.array([1]), "b": np.array([0, 1])}
    labels, values = labelled(parts, anomalous)
    assert (labels.tolist(), values.tolist()) == ([1, 0, 0], [3, 1, 2])
    labels, values = labelled(parts, mixed)
    assert (labels.tolist(), values.tolist()) == ([1, 0, 1], [3, 4, 5])


def test_control_jets_are_learnt_from_beside_each_test_that_holds_no_normal_ones() -> None:
    anomalous, mixed = {"a": np.ones(2, np.int8)}, {"b": np.array([0, 1], np.int8)}
    assert list(with_control(mixed, 3)) == ["b"]
    labels = with_control(anomalous | mixed, 3)
    assert list(labels) == ["a", "b", "normal_control"]
    assert labels["normal_control"].tolist() == [0, 0, 0]


def test_values_of_jets_one_behind_the_other_are_given_back_to_their_parts() -> None:
    found = by_part(np.arange(5), {"a": np.ones(2), "b": np.ones(3)})
    assert {part: values.tolist() for part, values in found.items()} == {
        "a": [0, 1],
        "b": [2, 3, 4],
    }


def test_a_row_of_all_tests_stands_where_there_are_several() -> None:
    rng = np.random.default_rng(0)
    scores = {1: {name: rng.random(30) for name in ("normal_control", "a", "b")}}
    truths = {"a": np.arange(30) % 2, "b": np.arange(30) % 3 == 0}
    mass = {"mass": scores[1]}
    found = tables({"error": scores}, truths, mass, 0.1)
    assert found["detection"].test.tolist() == ["a", "b", "all"]
    assert found["detection"].true_fraction.iloc[-1] == pytest.approx(25 / 60)
    assert found["roc"].test.unique().tolist() == ["a", "b", "all"]
    for table in tables({"error": scores}, {"a": truths["a"]}, mass, 0.1).values():
        assert set(table.test) == {"a"}


def test_a_score_that_is_the_mass_follows_it_and_sculpts_it_and_noise_does_neither() -> None:
    rng = np.random.default_rng(0)
    labels, mass = np.zeros(4000, int), rng.random(4000)
    same = followed(labels, 5 * mass, {"mass": mass}, 0.1)
    assert same["mass_correlation"] == pytest.approx(1)
    noise = followed(labels, rng.random(4000), {"mass": mass}, 0.1)
    assert abs(noise["mass_correlation"]) < 3 / np.sqrt(4000)
    # behind the cut the upper tenth alone: two of twenty bins, against all of them
    halves = [0.5 * (1 + 0.1), 0.5 * 0.1]  # of the mixture in the upper tenth, and in the rest
    entropy = -(
        halves[0] * np.log2(halves[0] / 2) + (1 - halves[0]) * np.log2((1 - halves[0]) / 18)
    )
    expected = entropy - 0.5 * np.log2(2) - 0.5 * np.log2(20)
    assert same["mass_sculpting"] == pytest.approx(expected, rel=0.02)
    assert noise["mass_sculpting"] < 0.02


def test_anomalous_jets_say_nothing_of_what_a_score_follows() -> None:
    rng = np.random.default_rng(0)
    labels, score, mass = np.arange(200) % 2, rng.random(200), rng.random(200)
    other = np.where(labels == 1, rng.random(200), score)
    first, second = (followed(labels, s, {"mass": mass}, 0.1) for s in (score, other))
    assert first == second
