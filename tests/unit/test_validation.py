"""Figures of merit against truth, compared with plain counting."""

import numpy as np
import pytest

from oddjet.validation import detection


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
    }


def test_constant_scores_separate_nothing() -> None:
    row = detection(np.array([0, 1, 1]), np.zeros(3), 0.1)
    assert (row["auc"], row["tpr_at_max_fpr"], row["rejection_at_30"]) == (0.5, 0, 1)


@pytest.mark.parametrize("label", [0, 1])
def test_a_single_class_has_no_figure_of_merit(label: int) -> None:
    row = detection(np.full(5, label), np.arange(5.0), 0.1)
    assert len(row) == 3
    assert all(np.isnan(value) for value in row.values())


def test_order_of_events_changes_nothing() -> None:
    labels, score = scored(0, 1)
    order = np.argsort(labels)
    assert detection(labels, score, 0.1) == detection(labels[order], score[order], 0.1)
