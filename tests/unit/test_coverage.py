"""Pseudo-experiments: drawn with the fractions they state, and summed up as they should be."""

from pathlib import Path

import numpy as np
import pytest

from oddjet.evaluate.coverage import experiments, measure, read_pool, write_pool

SETTINGS = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}


def pool(width: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Background below one, signal above: a score that separates all."""
    rng = np.random.default_rng(0)
    return rng.random((2000, width)), 1 + rng.random((1000, width))


def test_pool_holds_control_and_labelled_jets_and_the_size_of_control(tmp_path: Path) -> None:
    features = {"normal_control": np.zeros((5, 2)), "low": np.arange(8.0).reshape(4, 2)}
    write_pool(features, {"low": np.array([0, 1, 0, 1])}, tmp_path / "pool.h5")
    background, signal, control = read_pool(tmp_path / "pool.h5")
    assert control == 5
    assert background.tolist() == [*np.zeros((5, 2)).tolist(), [0, 1], [4, 5]]
    assert signal.tolist() == [[2, 3], [6, 7]]


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
    table = measure(experiments(*pool(), 400, 300, pair, 40, seed=3), pair, SETTINGS)
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


def test_classifiers_see_a_fifth_of_the_experiments_and_none_without_latents() -> None:
    pair = (0.2, 0.6)
    with_latents = measure(experiments(*pool(3), 200, 100, pair, 6, seed=4), pair, SETTINGS)
    repeats = with_latents[with_latents.fraction == 0.2].set_index("estimator").repeats
    assert (repeats.joint, repeats.weak, repeats.cwola) == (6, 2, 2)
    without = measure(experiments(*pool(), 200, 100, pair, 6, seed=4), pair, SETTINGS)
    assert not {"weak", "cwola"} & set(without.estimator)
