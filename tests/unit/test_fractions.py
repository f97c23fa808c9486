"""Every estimator of the anomalous fraction, in one table."""

import numpy as np
import pytest

from oddjet.common import parts as names
from oddjet.estimate import fractions
from oddjet.estimate.declared import ESTIMATORS
from oddjet.estimate.given import Given

SETTINGS = {
    "max_fpr": 0.10,
    "fpr_confidence": 0.95,
    "anchor": 0.5,
    "bootstrap": 400,
}
CONFIDENCE = 0.68


def mixture(seed: int, events: int = 400, fraction: float = 0.4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    tops = round(fraction * events)
    return {
        "normal_train": rng.exponential(size=300) / 10,  # scored too well: never used
        "normal_control": rng.exponential(size=300),
        "low": np.concatenate([rng.exponential(size=events - tops), 10 + rng.random(tops)]),
        "none": rng.exponential(size=events),
    }


def table(
    parts: dict[str, np.ndarray], confidence: float = CONFIDENCE
) -> dict[tuple[str, str], dict]:
    """Rows by test and estimator."""
    rows = fractions.tabulate(Given(parts, **SETTINGS), confidence)
    return {(row["test"], row["estimator"]): row for row in rows}


def test_rows_are_every_test_with_every_estimator_and_template_with_a_simulation() -> None:
    parts = mixture(0)
    rows = table(parts | {"signal": 10 + np.random.default_rng(1).random(100)})
    assert list(rows) == [(t, e) for t in ("low", "none") for e in ESTIMATORS]
    columns = ["test", "estimator", "fraction", "low", "high", "threshold", "fpr", "fpr_upper"]
    assert all(list(row) == columns for row in rows.values())
    without = {estimator for _, estimator in rows} - {estimator for _, estimator in table(parts)}
    assert without == {"template"}


def test_fraction_of_well_separated_jets_is_found_by_every_estimator() -> None:
    parts = mixture(0)
    rows = table(parts | {"signal": 10 + np.random.default_rng(1).random(100)})
    for estimator in ESTIMATORS:
        row = rows["low", estimator]
        assert row["low"] <= row["fraction"] <= row["high"]
        if estimator == "lower_bound":
            assert 0.2 < row["fraction"] < 0.4
        elif estimator == "cut":  # with the false positives of 60% normal jets
            assert row["fraction"] == (parts["low"] > row["threshold"]).mean() > 0.4
        else:
            # 240 normal jets of the test and 300 of control, half of them in a region of low
            # scores: a standard deviation of about 0.05
            assert row["fraction"] == pytest.approx(0.4, abs=3 * 0.05), estimator


def test_estimates_do_not_depend_on_the_order_of_events() -> None:
    parts = mixture(0)
    shuffled = {
        name: np.random.default_rng(1).permutation(values) for name, values in parts.items()
    }
    rows, again = (
        fractions.tabulate(Given(some, **SETTINGS), CONFIDENCE) for some in (parts, shuffled)
    )
    assert rows == again


def test_estimates_do_not_depend_on_the_jets_that_trained() -> None:
    parts = mixture(0)
    assert table(parts) == table(parts | {"normal_train": parts["normal_train"] + 100})


def test_only_joint_of_a_test_depends_on_other_tests() -> None:
    parts = mixture(0)
    alone = table({name: parts[name] for name in ("normal_control", "none")})
    rows = table(parts)
    for key, row in alone.items():
        if key[1] != "joint":
            assert rows[key] == row


@pytest.mark.parametrize("estimator", ["joint", "bbe", "binormal", "cut", "corrected"])
def test_a_higher_confidence_gives_a_wider_interval(estimator: str) -> None:
    narrow, wide = (
        table(mixture(0), confidence=confidence)["low", estimator] for confidence in (0.68, 0.95)
    )
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


@pytest.mark.parametrize("estimator", ["joint", "corrected"])
def test_interval_on_pure_background_holds_zero_in_the_stated_share_of_repeats(
    estimator: str,
) -> None:
    repeats, held = 200, 0
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        parts = {"normal_control": rng.exponential(size=400), "pure": rng.exponential(size=400)}
        found = fractions.estimates(Given(parts, **SETTINGS))
        (one,) = (estimate for _, name, estimate in found if name == estimator)
        _, low, high = one.at(CONFIDENCE)
        held += low <= 0 <= high
    stated = CONFIDENCE
    # three standard deviations of the share of 200 repeats, and 0.03 for the percentile interval,
    # which holds its confidence only for many events (and for the steps of 1/400 of the counts)
    error = 3 * np.sqrt(stated * (1 - stated) / repeats) + 0.03
    assert held / repeats == pytest.approx(stated, abs=error)


def test_pure_signal_reads_one_and_its_interval_leaves_room_for_a_jet() -> None:
    rng = np.random.default_rng(0)
    parts = {"normal_control": rng.random(300), "pure": 2 + rng.random(200)}
    row = table(parts)["pure", "joint"]
    assert row["fraction"] == 1
    # one jet of 200 in half of the background
    assert 1 - row["low"] == pytest.approx(2 / 200, rel=0.2)


def test_identical_tests_read_the_same() -> None:
    parts = mixture(0)
    rows = table({name: parts[name] for name in ("normal_control", "low")} | {"twin": parts["low"]})
    for estimator in ("joint", "bbe", "corrected"):
        one, other = (rows[test, estimator]["fraction"] for test in ("low", "twin"))
        # the fit is stopped at a thousandth of a standard deviation
        assert one == pytest.approx(other, abs=1e-3)


def test_fifty_events_give_a_wide_interval_around_the_truth() -> None:
    row = table(mixture(1, events=50))["low", "joint"]
    assert row["low"] - 0.15 < 0.4 < row["high"] + 0.15
    assert row["high"] - row["low"] > 0.1


def test_constant_scores_show_no_fraction_and_leave_nothing_above_the_cut() -> None:
    rows = table({"normal_control": np.full(50, 0.3), "low": np.full(20, 0.3)})
    assert rows["low", "cut"]["fpr"] == 0
    for estimator in ("joint", "bbe", "cut", "corrected"):
        assert rows["low", estimator]["fraction"] == 0
    bound = rows["low", "lower_bound"]
    assert (bound["low"], bound["high"]) == (0, 1)  # nothing is known
    blind = rows["low", "binormal"]
    assert blind["low"] <= 0
    assert blind["high"] > 0.9


def test_tests_are_all_parts_but_those_of_the_normal_sample_and_the_simulated_signal() -> None:
    parts = ["normal_train", "normal_validation", "normal_control", "b", "signal", "a"]
    assert names.tests_of(parts) == ["b", "a"]


def test_a_known_contamination_moves_all_but_the_share_above_the_cut() -> None:
    parts = mixture(0)
    clean = table(parts)
    given = Given(parts, **SETTINGS, contamination=0.1)
    for row in fractions.tabulate(given, CONFIDENCE):
        before = clean[row["test"], row["estimator"]]
        for name in ("fraction", "low", "high"):
            moved = before[name] if row["estimator"] == "cut" else 0.1 + 0.9 * before[name]
            assert row[name] == pytest.approx(moved)


def test_jets_that_fluctuate_more_have_intervals_as_much_wider_and_the_same_fractions() -> None:
    parts = mixture(0)
    plain = table(parts)
    given = Given(parts, **SETTINGS, overdispersion=1.1)
    for row in fractions.tabulate(given, CONFIDENCE):
        before = plain[row["test"], row["estimator"]]
        factor = 1 if row["estimator"] == "lower_bound" else 1.1
        for name in ("fraction", "low", "high"):
            moved = before["fraction"] + factor * (before[name] - before["fraction"])
            assert row[name] == pytest.approx(moved)


def test_a_contaminated_normal_sample_gives_the_fraction_once_its_contamination_is_known() -> None:
    rng = np.random.default_rng(3)
    parts = {
        "normal_control": np.concatenate([rng.random(4500), 2 + rng.random(500)]),
        "low": np.concatenate([rng.random(2100), 2 + rng.random(900)]),
    }
    rows = fractions.tabulate(Given(parts, **SETTINGS, contamination=0.1), CONFIDENCE)
    found = {row["estimator"]: row["fraction"] for row in rows}
    # 2,500 control and 1,050 test jets in the anchor: a standard deviation of 0.02
    assert found["joint"] == pytest.approx(0.3, abs=3 * 0.02)
