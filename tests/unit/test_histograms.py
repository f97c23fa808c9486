"""Histograms in quantiles of control jets."""

import numpy as np

from oddjet.common import histograms


def test_counts_are_those_of_a_plain_loop() -> None:
    scores, edges = np.array([0.0, 1.0, 1.5, 2.0, 7.0]), np.array([1.0, 2.0])
    assert histograms.count(scores, edges).tolist() == [2, 2, 1]


def test_bins_hold_about_as_many_control_jets_and_ties_make_fewer() -> None:
    scores = np.random.default_rng(1).random(1000)
    counts = histograms.count(scores, histograms.quantile_edges(scores, 10))
    assert counts.tolist() == [100] * 10
    assert len(histograms.quantile_edges(np.ones(50), 10)) == 1
