"""The weak tagger's classifiers, told the labels."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from oddjet.evaluate import supervised_trees
from oddjet.evaluate.supervised_trees import cross_fit

MOVED = np.array([1.0, -1.0, 0.5, 0.0])


@pytest.fixture(autouse=True)
def few_bags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised_trees, "BAGS", 2)


def labelled(number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=number)
    return rng.normal(size=(number, 4)) + MOVED * labels[:, None], labels


NORMAL = np.random.default_rng(9).normal(size=(1500, 4))


def test_trees_with_labels_come_near_to_the_best_that_can_be() -> None:
    jets, labels = labelled(1500, 1)
    best = roc_auc_score(labels, jets @ MOVED)
    found = roc_auc_score(labels, cross_fit(NORMAL, jets, labels, 1))
    # an area of 0.86 +- 0.01 of 750 against 750; each tree sees half of the four features
    assert best - 0.05 < found < best + 0.02


def test_trees_score_no_jet_that_they_were_told_the_label_of() -> None:
    jets, labels = labelled(800, 2)
    jets = np.repeat(jets[:400], 2, axis=0)  # each twice: a copy would give its label away
    without_meaning = np.repeat(np.random.default_rng(3).permutation(labels[:400]), 2)
    area = roc_auc_score(without_meaning, cross_fit(NORMAL, jets, without_meaning, 1))
    # normal jets outside the tests make the kinds unlike; three deviations of 200 against 200
    assert abs(area - 0.5) < 0.09


def test_jets_of_one_kind_alone_have_scores() -> None:
    jets, _ = labelled(100, 4)
    assert not cross_fit(NORMAL, jets, np.zeros(100, int), 1).any()
