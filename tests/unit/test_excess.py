"""The excess: right on average, its uncertainties are its scatter, and none without signal."""

import numpy as np
import pytest

from oddjet.estimate.estimators.joint import anchored, binned
from oddjet.estimate.excess import Fraction, tabulate

CONTROL, TEST, F = 3000, 1500, 0.3


def jets(rng: np.random.Generator, normal: int, anomalous: int) -> np.ndarray:
    """Score and mass (N, 2); the mass of anomalous jets peaks, and scores do not depend on it."""
    mass = np.concatenate([rng.exponential(60, normal), rng.normal(173, 15, anomalous)])
    score = np.concatenate([rng.random(normal), 2 + rng.random(anomalous)])
    return np.column_stack([score, mass])


def excess(rng: np.random.Generator, overlap: float = 0.0) -> tuple[list[dict], np.ndarray]:
    control, test = jets(rng, CONTROL, 0), jets(rng, TEST - round(F * TEST), round(F * TEST))
    counts, stacked, bins = binned(control[:, 0], [test[:, 0]], 0.5)
    (value,), (deviation,) = anchored(counts, stacked, bins)
    edge = np.quantile(control[:, 0], 0.5, method="inverted_cdf")
    low = {"test": test[:, 0] <= edge, "control": control[:, 0] <= edge}
    fraction = Fraction(value, deviation, overlap)
    return tabulate(test[:, 1:], control[:, 1:], low, ["mass"], fraction, {"mass": 2.0}), test


def test_pulls_of_the_excess_have_mean_zero_and_width_one() -> None:
    rng = np.random.default_rng(0)
    truth = 2 * rng.normal(173, 15, 1_000_000)
    pulls = []
    for _ in range(60):
        for row in excess(rng)[0]:
            edges = row["low_edge"], row["high_edge"]
            true = ((truth > edges[0]) & (truth < edges[1])).mean() / (edges[1] - edges[0])
            pulls.append((row["density"] - true) / row["uncertainty"])
    # 60 samples of 20 bins, correlated within a sample by the fraction
    assert abs(np.mean(pulls)) < 0.15
    assert 0.85 < np.std(pulls) < 1.15


def test_the_peak_of_the_anomalous_jets_appears_in_the_unit_that_is_asked_for() -> None:
    rows, _ = excess(np.random.default_rng(1))
    highest = max(rows, key=lambda row: row["density"])
    assert highest["low_edge"] - 20 < 2 * 173 < highest["high_edge"] + 20
    width = highest["high_edge"] - highest["low_edge"]
    assert sum(row["density"] for row in rows) * width == pytest.approx(1, abs=0.2)


def test_what_the_anchor_may_hide_widens_the_excess() -> None:
    (one, _), (other, _) = (excess(np.random.default_rng(2), overlap) for overlap in (0.0, 0.1))
    assert all(a["uncertainty"] <= b["uncertainty"] for a, b in zip(one, other, strict=True))
    assert any(a["uncertainty"] < 0.9 * b["uncertainty"] for a, b in zip(one, other, strict=True))


def test_a_fraction_that_is_not_clearly_above_zero_has_no_excess() -> None:
    low = {"test": np.ones(10, bool), "control": np.ones(10, bool)}
    values = np.arange(10.0)[:, None]
    assert tabulate(values, values, low, ["mass"], Fraction(0.01, 0.02, 0.0), {}) == []
