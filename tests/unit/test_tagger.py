"""The weak tagger on toys whose truth is known; labels serve to evaluate alone."""

import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from oddjet.common.parts import CONTROL
from oddjet.estimate import tagger

FEATURES = 6
MOVED = np.array([1.2, -1.2, 1.2, 1.2, 0, 0])
FRACTIONS = {"low": 0.1, "high": 0.5}


@pytest.fixture(autouse=True)
def few_bags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger, "BAGS", 2)


def jets(number: int, signal: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (number, 6) of jets, and which are anomalous: those are moved by `MOVED`."""
    rng = np.random.default_rng(seed)
    anomalous = rng.random(number) < signal
    return rng.normal(size=(number, FEATURES)) + MOVED * anomalous[:, None], anomalous


def area(background: np.ndarray, signal: np.ndarray) -> float:
    label = np.repeat([0, 1], [len(background), len(signal)])
    return float(roc_auc_score(label, np.concatenate([background, signal])))


def test_finds_the_anomalous_jets_of_each_test_nearly_as_well_as_can_be() -> None:
    parts = {name: jets(1500, share, seed) for seed, (name, share) in enumerate(FRACTIONS.items())}
    normal, control = (jets(2000, 0, seed)[0] for seed in (10, 11))
    tests = {name: part[0] for name, part in parts.items()}
    scores = tagger.tag(normal, {CONTROL: control}, tests, seed=1)
    for name, (features, anomalous) in parts.items():
        best = features @ MOVED
        known = area(best[~anomalous], best[anomalous])
        found = area(scores[name][~anomalous], scores[name][anomalous])
        assert known - 0.05 < found < known + 0.01


def test_of_many_jets_a_part_teaches_and_all_are_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = []

    def counted(normal: tagger.Reference, test: np.ndarray, rng: np.random.Generator) -> tuple:
        taught.append((len(normal.jets), len(test)))
        return classifiers(normal, test, rng)

    classifiers = tagger.classifiers
    monkeypatch.setattr(tagger, "classifiers", counted)
    monkeypatch.setattr("oddjet.estimate.learnt_from.MOST", 1000)
    (test, anomalous), normal, control = jets(2700, 0.5, 0), jets(2500, 0, 1)[0], jets(900, 0, 2)[0]
    scores = tagger.tag(normal, {CONTROL: control}, {"test": test}, seed=1)
    assert set(taught) == {(834, 900)}  # every third of 2,500, every second of two thirds of 2,700
    assert area(scores["test"][~anomalous], scores["test"][anomalous]) > 0.9


def test_scores_of_control_are_uniform() -> None:
    test, normal, control = jets(300, 0.3, 0)[0], jets(400, 0, 1)[0], jets(500, 0, 2)[0]
    scores = tagger.tag(normal, {CONTROL: control}, {"test": test}, seed=1)
    assert list(scores) == [CONTROL, "test"]
    assert kstest(scores[CONTROL], "uniform").pvalue > 1e-3


def test_each_jet_is_ranked_among_all_control_jets_as_its_own_classifiers_score_them() -> None:
    test, normal, control = jets(60, 0.3, 0)[0], jets(200, 0, 1)[0], jets(80, 0, 2)[0]
    found = tagger.train(normal, {CONTROL: control}, {"test": test}, seed=1)
    reference = tagger.Reference(normal)

    def log_odds(features: np.ndarray, folds: np.ndarray) -> np.ndarray:
        ours = [found.classifiers[bag * tagger.FOLDS + fold] for bag, fold in enumerate(folds)]
        kinds = [(trees, tagger.Linear(reference, linear)) for trees, linear in ours]
        return sum(trees(features) + linear(features) for trees, linear in kinds)

    for features, part in ((control, CONTROL), (test, "test")):
        for jet, folds, score in zip(features, found.folds[part], found.scores[part], strict=True):
            above = log_odds(jet[None], folds) - log_odds(control, folds)
            equal = np.abs(above) < 1e-12  # itself, but for rounding
            assert score == pytest.approx(np.mean((above > 0) & ~equal) + np.mean(equal) / 2)


def test_background_of_a_test_scores_as_control_does() -> None:
    rng = np.random.default_rng(0)
    areas, shares = [], []
    for toy in range(12):
        sample = rng.normal(size=(1500, FEATURES))
        apart, test = {CONTROL: sample[600:1100]}, {"test": sample[1100:]}
        scores = tagger.tag(sample[:600], apart, test, seed=toy)
        areas.append(area(scores[CONTROL], scores["test"]))
        shares.append((scores["test"] <= 0.5).mean())
    for found in (areas, shares):
        assert abs(np.mean(found) - 0.5) < 3 * np.std(found) / len(found) ** 0.5


def test_with_the_samples_of_the_jets_permuted_it_tells_neither_tests_nor_anomalous_jets() -> None:
    rng = np.random.default_rng(0)
    areas, known = [], []
    for toy in range(12):
        sample, anomalous = jets(1500, 0.3, 100 + toy)
        rows = np.split(rng.permutation(len(sample)), [600, 1100])
        normal, control, test = (sample[part] for part in rows)
        scores = tagger.tag(normal, {CONTROL: control}, {"test": test}, seed=toy)
        areas.append(area(scores[CONTROL], scores["test"]))
        label = anomalous[rows[2]]
        known.append(area(scores["test"][~label], scores["test"][label]))
    for found in (areas, known):
        assert abs(np.mean(found) - 0.5) < 3 * np.std(found) / len(found) ** 0.5


def test_copies_of_an_event_are_not_recognised() -> None:
    """With copies in training and test folds, a classifier would know the test's by heart."""
    rng = np.random.default_rng(0)
    sample = rng.normal(size=(1200, FEATURES))
    copied = np.repeat(sample[:4], 120, axis=0)
    areas = []
    for seed in range(6):
        rows = rng.permutation(len(sample))
        scores = tagger.tag(
            sample[rows[:600]], {CONTROL: sample[rows[600:]]}, {"test": copied}, seed
        )
        areas.append(area(scores[CONTROL], scores["test"]))
    assert np.mean(areas) < 0.75


def test_a_seed_decides_the_scores() -> None:
    parts = jets(300, 0, 1)[0], {CONTROL: jets(300, 0, 2)[0]}, {"test": jets(300, 0.3, 3)[0]}
    first, again, other = (tagger.tag(*parts, seed)["test"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
