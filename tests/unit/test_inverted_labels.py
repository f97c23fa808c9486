"""An AUC below 0.5 is said where chance does not make it."""

import numpy as np
import pandas as pd
import pytest

from oddjet.evaluate.detection import detection
from oddjet.summarise.summary import INVERTED, _inverted


def of_scores(shift: float, jets: int, seed: int = 0) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    labels = np.arange(jets) % 2
    return detection(labels, rng.normal(shift * labels), 0.1)


def test_labels_that_are_inverted_are_said_and_others_are_not() -> None:
    assert "truth.anomalous" in _inverted(pd.Series(of_scores(-1, 400)))
    assert _inverted(pd.Series(of_scores(1, 400))) == ""
    assert _inverted(None) == ""


def test_chance_is_seldom_said() -> None:
    p_values = [of_scores(0, 60, seed)["auc_p_value"] for seed in range(200)]
    assert sum(p < INVERTED for p in p_values) <= 1
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.15)


def test_one_class_alone_is_no_matter() -> None:
    found = detection(np.ones(10), np.arange(10.0), 0.1)
    assert np.isnan(found["auc_p_value"])
    assert _inverted(pd.Series(found)) == ""


def test_scores_that_are_all_the_same_are_no_matter() -> None:
    assert _inverted(pd.Series(detection(np.arange(40) % 2, np.ones(40), 0.1))) == ""
