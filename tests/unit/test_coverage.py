"""Pseudo-experiments: drawn with the fractions they state, and summed up as they should be."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from oddjet.estimate.declared import CHECKS
from oddjet.evaluate.coverage import Scored, measure
from oddjet.evaluate.pool import Pool, read_pool, write_pool
from oddjet.evaluate.pseudo_experiments import Distortion, Experiment, experiments

LEVEL = 0.01
PURE = {"fraction": 0.0, "uncertainty": 0.0}
SETTINGS = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}


PARTS = ("first", "normal_control")
OF_SCORES = [name for name, one in CHECKS.items() if not one.of_features]


def pool(control: int = 300) -> Pool:
    """Background below one, signal above: a score that separates all."""
    rng = np.random.default_rng(0)
    return Pool(rng.random((2000, 1)), 1 + rng.random((1000, 1)), control)


def feature_pool(normal: int = 400) -> Pool:
    """Three features, of which the first is larger for signal; no two jets alike."""
    rng = np.random.default_rng(1)
    background, signal = rng.normal(10, 1, (2000, 3)), rng.normal(10, 1, (800, 3))
    signal[:, 0] += 3
    return Pool(background, signal, normal, normal)


def scored(drawn: Iterator[Experiment]) -> Iterator[Scored]:
    return map(Scored.of, drawn)


def test_pool_holds_control_and_labelled_jets_and_the_size_of_control(tmp_path: Path) -> None:
    scores = {"normal_control": np.zeros((5, 1)), "low": np.arange(4.0)[:, None]}
    write_pool(scores, {"low": np.array([0, 1, 0, 1])}, tmp_path / "pool.h5")
    found = read_pool(tmp_path / "pool.h5")
    assert (found.control, found.training) == (5, 0)
    assert found.background.ravel().tolist() == [0, 0, 0, 0, 0, 0, 2]
    assert found.signal.ravel().tolist() == [1, 3]


def test_pool_of_features_holds_all_normal_jets(tmp_path: Path) -> None:
    jets = {part: np.zeros((size, 2)) for part, size in (("normal_control", 5), ("test", 4))}
    jets["normal_train"] = np.ones((7, 2))
    write_pool(jets, {"test": np.array([0, 1, 0, 1])}, tmp_path / "pool.h5", ordering=1)
    found = read_pool(tmp_path / "pool.h5")
    assert (found.control, found.training, found.ordering) == (5, 7, 1)
    assert (len(found.background), len(found.signal)) == (14, 2)


def test_experiments_have_the_sizes_and_on_average_the_fractions_asked_for() -> None:
    drawn = list(experiments(pool(), 200, (0.1, 0.8), 50, seed=1))
    assert all(len(one.jets["normal_control"]) == 300 for one in drawn)
    assert all((one.jets["normal_control"] < 1).all() for one in drawn)
    for name, fraction in (("first", 0.1), ("second", 0.8)):
        assert all(len(one.jets[name]) == 200 for one in drawn)
        assert all(((one.jets[name][:, 0] > 1) == one.labels[name]).all() for one in drawn)
        shares = [one.labels[name].mean() for one in drawn]
        spread = np.sqrt(fraction * (1 - fraction) / 200)
        assert abs(np.mean(shares) - fraction) < 3 * spread / np.sqrt(50)
        assert 0.6 * spread < np.std(shares) < 1.5 * spread  # binomial; 50 give it to 10%


@pytest.mark.parametrize("some", [pool(), feature_pool()], ids=["scores", "features"])
def test_simulation_of_the_template_shares_no_jet_with_the_mixtures(some: Pool) -> None:
    (one,) = experiments(some, 200, (0.5, 0.5), 1, seed=2)
    mixed = np.concatenate([one.jets["first"], one.jets["second"]]).ravel()
    assert not set(one.jets["signal"].ravel()) & set(mixed)


def test_experiments_repeat_with_their_seed() -> None:
    one, again, other = (
        next(experiments(pool(50), 50, (0.3, 0.4), 1, seed=seed)).jets["first"]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("tilt", [0.0, 0.5])
def test_no_jet_is_twice_in_an_experiment_that_trains(tilt: float) -> None:
    (one,) = experiments(feature_pool(), 300, (0.2, 0.6), 1, 3, Distortion(tilt=tilt))
    assert len(one.jets["normal_train"]) == len(one.jets["normal_control"]) == 400
    jets = np.concatenate(list(one.jets.values()))
    assert len(np.unique(jets, axis=0)) == len(jets)


def test_tests_that_want_too_many_jets_leave_half_of_them_to_the_normal_sample() -> None:
    (one,) = experiments(feature_pool(1000), 3000, (0.0,), 1, 3)
    normal = np.concatenate([one.jets["normal_train"], one.jets["normal_control"]])
    assert len(normal) == 1000
    assert not {*normal[:, 0]} & {*one.jets["first"][:, 0]}


def test_a_tagger_is_trained_in_each_experiment_and_finds_the_signal() -> None:
    for one in experiments(feature_pool(), 300, (0.5,), 2, 4):
        found = Scored.tagged(one, seed=1)
        assert roc_auc_score(one.labels["first"], found.scores["first"]) > 0.95
        assert found.features["first"].shape == (300, 3)
        assert found.overdispersion > 1


# Distortions


def distorted(**how: float) -> Experiment:
    (one,) = experiments(feature_pool(), 400, (0.3, 0.3), 1, 5, Distortion(**how))
    return one


def test_background_of_the_tests_alone_is_scaled_and_smeared() -> None:
    plain, scaled, smeared = distorted(), distorted(scale=1.05), distorted(smear=0.1)
    for test, label in plain.labels.items():
        for kind, factor in ((0, 1.05), (1, 1.0)):
            expected = plain.jets[test][label == kind] * factor
            np.testing.assert_allclose(scaled.jets[test][label == kind], expected)
    np.testing.assert_array_equal(plain.jets["normal_control"], scaled.jets["normal_control"])
    ratio = smeared.jets["first"] / plain.jets["first"]
    assert ratio[plain.labels["first"] == 0].std() == pytest.approx(0.1, rel=0.15)  # of 840


def test_tilt_makes_the_background_of_the_tests_heavier() -> None:
    one = distorted(tilt=0.8)
    mass = one.jets["first"][one.labels["first"] == 0][:, 0]
    # a density 1 + t (2 r - 1) of ranks r moves their mean by t / 6; a unit of a normal quantity
    # per 0.28 of rank
    assert mass.mean() - 10 == pytest.approx(0.8 / 6 / 0.28, abs=0.2)


def test_tilt_is_as_large_as_it_says_and_leaves_the_normal_sample_as_it_is() -> None:
    jets = np.random.default_rng(0).random((4000, 3))  # each its own rank
    half = Pool(jets, jets + 1, control=1000, training=500)
    drawn = list(experiments(half, 1500, (0.0,), 40, 6, Distortion(tilt=0.3)))
    # the mean rank moves by t / 6; that of 40 samples is known to 0.29 / sqrt(40 n)
    tested, normal = (np.mean([one.jets[part][:, 0].mean() for one in drawn]) for part in PARTS)
    mean = jets[:, 0].mean()
    assert tested - mean == pytest.approx(0.3 / 6, abs=0.005)
    assert normal - mean == pytest.approx(0, abs=0.005)


def test_contamination_and_duplicates_have_the_shares_asked_for() -> None:
    one = distorted(contamination=0.5)
    anomalous = set(one.jets["signal"][:, 0])
    share = np.mean([jet in anomalous for jet in one.jets["normal_control"][:, 0]])
    assert share == pytest.approx(0.5, abs=0.1)
    first = distorted(duplicates=0.3).jets["first"]
    # a third of the copies of copies and of the jets copied twice: about 1 - 0.3 + small
    assert 0.65 < len(np.unique(first, axis=0)) / len(first) < 0.85


def test_two_kinds_of_anomalous_jets_have_other_shares_in_the_tests() -> None:
    one = distorted(heavy=0.9)
    means = [one.jets[test][label == 1][:, 0].mean() for test, label in one.labels.items()]
    assert means[0] > means[1] + 0.5


def test_measured_bias_and_coverage_are_those_of_known_estimators() -> None:
    pair = (0.2, 0.6)
    drawn = scored(experiments(pool(400), 300, pair, 40, seed=3))
    table, _ = measure(drawn, pair, SETTINGS, PURE, 0.0, LEVEL, OF_SCORES)
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


def trust(
    pair: tuple[float, ...],
    power: float,
    repeats: int = 30,
    known: dict[str, Any] = PURE,
    allowed_tilt: float = 0.0,
    events: int = 1000,
    beside: int = 0,
    **distortion: float,
) -> pd.DataFrame:
    """Of tests whose anomalous jets have a density ~ score ** power.

    Beside the score checks see so many features, alike for all jets.
    """
    rng = np.random.default_rng(5)
    scores = rng.random(20_000), rng.random(20_000) ** (1 / (power + 1))
    seen = rng.normal(10, 1, (2, 20_000, beside))
    jets = Pool(*map(np.column_stack, zip(scores, seen, strict=True)), 2000)
    drawn = scored(experiments(jets, events, pair, repeats, 6, Distortion(**distortion)))
    checks = [*OF_SCORES, "background_features"] if beside else OF_SCORES
    _, table = measure(drawn, pair, SETTINGS, known, allowed_tilt, LEVEL, checks)
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


def test_an_interval_holds_the_truth_though_a_tenth_of_the_normal_jets_is_anomalous() -> None:
    allowed = {"fraction": 0.0, "uncertainty": "auto"}
    power = 2000
    unaware, aware = (
        trust((0.3,), power, known=one, events=4000, contamination=0.1).loc[0.3]
        for one in (PURE, allowed)
    )
    assert unaware.coverage < 0.3
    assert aware.trusted > 0.9
    assert aware.coverage > 0.63 - 2 * np.sqrt(0.68 * 0.32 / 30)
    assert aware.off == 0
    # of a pure one it takes next to nothing
    pure, allowing = (trust((0.3,), power, known=one).loc[0.3] for one in (PURE, allowed))
    assert pure.half_width <= allowing.half_width < 1.3 * pure.half_width


def test_no_trusted_answer_is_wrong_because_of_a_tilt_of_the_background_that_was_said() -> None:
    unaware, aware = (
        trust((0.3,), 2000, 20, allowed_tilt=tilt, events=3000, tilt=0.15).loc[0.3]
        for tilt in (0.0, 0.2)
    )
    assert aware.trusted == unaware.trusted > 0.3
    assert unaware.coverage < 0.2  # off by three standard deviations on average
    assert unaware.off > 0.1
    # three quarters of a standard deviation
    assert aware.coverage > 0.6
    assert aware.off == 0


def test_a_background_of_other_features_is_refused_though_its_scores_alone_pass() -> None:
    scale = {"power": 40, "repeats": 20, "events": 3000, "scale": 1.02}
    assert trust((0.3,), **scale).trusted[0.3] > 0.5
    assert trust((0.3,), **scale, beside=4).trusted[0.3] < 0.1
    # and no more of those that are alike are refused than by the scores
    assert trust((0.3,), power=40, repeats=20, events=3000, beside=4).trusted[0.3] > 0.9


def test_an_answer_is_refused_where_too_few_jets_are_left_to_know_the_background_by() -> None:
    # 2% background: some ten of 1,000 jets in the anchor
    assert trust((0.98,), power=40).trusted[0.98] == 0
    assert trust((0.8,), power=40).trusted[0.8] > 0.9


def test_a_test_without_signal_is_trusted_beside_one_that_shows_the_signal() -> None:
    alone, beside = trust((0.0,), power=40), trust((0.0, 0.5), power=40)
    assert alone.trusted[0.0] < 0.1
    assert beside.trusted[0.0] > 0.9
    assert beside.other_fraction[0.0] == 0.5
    # one-sided limits at 95%, p-values below 0.05 in 5%: within three errors of 30 experiments
    assert alone.coverage_limit[0.0] > 0.83
    assert alone.false_discoveries[0.0] < 0.17
