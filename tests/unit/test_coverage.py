"""Pseudo-experiments: drawn with the fractions they state, and summed up as they should be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from oddjet.evaluate.coverage import experiments, measure
from oddjet.evaluate.pool import read_pool, write_pool

LEVEL = 0.01
SETTINGS = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}


def pool() -> tuple[np.ndarray, np.ndarray]:
    """Background below one, signal above: a score that separates all."""
    rng = np.random.default_rng(0)
    return rng.random(2000), 1 + rng.random(1000)


def test_pool_holds_control_and_labelled_jets_and_the_size_of_control(tmp_path: Path) -> None:
    scores = {"normal_control": np.zeros(5), "low": np.arange(4.0)}
    write_pool(scores, {"low": np.array([0, 1, 0, 1])}, tmp_path / "pool.h5")
    background, signal, control = read_pool(tmp_path / "pool.h5")
    assert control == 5
    assert background.tolist() == [0, 0, 0, 0, 0, 0, 2]
    assert signal.tolist() == [1, 3]


def test_experiments_have_the_sizes_and_on_average_the_fractions_asked_for() -> None:
    drawn = list(experiments(*pool(), 300, 200, (0.1, 0.8), 50, seed=1))
    assert all(len(parts["normal_control"]) == 300 for parts in drawn)
    assert all((parts["normal_control"] < 1).all() for parts in drawn)
    for name, fraction in (("first", 0.1), ("second", 0.8)):
        assert all(len(parts[name]) == 200 for parts in drawn)
        shares = [(parts[name] > 1).mean() for parts in drawn]
        spread = np.sqrt(fraction * (1 - fraction) / 200)
        assert abs(np.mean(shares) - fraction) < 3 * spread / np.sqrt(50)
        assert 0.6 * spread < np.std(shares) < 1.5 * spread  # binomial; 50 give it to 10%


def test_simulation_of_the_template_shares_no_jet_with_the_mixtures() -> None:
    (parts,) = experiments(*pool(), 100, 500, (0.5, 0.5), 1, seed=2)
    mixed = np.concatenate([parts["first"], parts["second"]]).ravel()
    assert not set(parts["signal"].ravel()) & set(mixed)


def test_experiments_repeat_with_their_seed() -> None:
    one, again, other = (
        next(experiments(*pool(), 50, 50, (0.3, 0.4), 1, seed=seed))["first"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_measured_bias_and_coverage_are_those_of_known_estimators() -> None:
    pair = (0.2, 0.6)
    table, _ = measure(experiments(*pool(), 400, 300, pair, 40, seed=3), pair, SETTINGS, LEVEL)
    table = table.set_index(["fraction", "estimator"])
    for fraction in pair:
        joint, cut = table.loc[(fraction, "joint")], table.loc[(fraction, "cut")]
        assert joint.other_fraction == (0.6 if fraction == 0.2 else 0.2)
        assert joint.repeats == 40
        assert abs(joint.bias) < 4 * joint.bias_uncertainty
        assert joint.coverage_95 >= joint.coverage_68 > 0.4
        # the false positives of the normal jets, some 8% of them with 400 control jets
        assert cut.bias == pytest.approx((1 - fraction) * 0.08, abs=0.03)
        assert np.isnan(table.loc[(fraction, "lower_bound")].pull_mean)
        assert table.loc[(fraction, "lower_bound")].coverage_95 >= 0.9


# Trusted answers


def trust(pair: tuple[float, ...], power: float, repeats: int = 30) -> pd.DataFrame:
    """Of 1,000 jets a test; anomalous jets have a density ~ score ** power."""
    rng = np.random.default_rng(5)
    background, signal = rng.random(20_000), rng.random(20_000) ** (1 / (power + 1))
    drawn = experiments(background, signal, 2000, 1000, pair, repeats, seed=6)
    _, table = measure(drawn, pair, SETTINGS, LEVEL)
    assert table.fraction.tolist() == list(pair)
    return table.set_index("fraction")


def test_answers_of_a_good_score_are_trusted_and_their_intervals_hold_the_truth() -> None:
    table = trust((0.3,), power=40)
    assert np.isnan(table.other_fraction[0.3])
    assert table.trusted[0.3] > 0.9
    assert table.coverage[0.3] > 0.63 - 2 * np.sqrt(0.68 * 0.32 / 30)
    assert table.off[0.3] == 0


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_answers_of_a_score_that_overlaps_are_refused_or_right(fraction: float) -> None:
    row = trust((fraction,), power=0.7).loc[fraction]  # an area under the ROC curve of 0.63
    assert row.trusted < 0.1


def test_a_test_without_signal_is_trusted_beside_one_that_shows_the_signal() -> None:
    alone, beside = trust((0.0,), power=40), trust((0.0, 0.5), power=40)
    assert alone.trusted[0.0] < 0.1
    assert beside.trusted[0.0] > 0.9
    assert beside.other_fraction[0.0] == 0.5
    # one-sided limits at 95%, p-values below 0.05 in 5%: within three errors of 30 experiments
    assert alone.coverage_limit[0.0] > 0.83
    assert alone.false_discoveries[0.0] < 0.17
