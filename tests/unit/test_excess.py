"""The excess: right on average, its uncertainties are its scatter, and none without signal."""

import numpy as np
import pandas as pd
import pytest

from oddjet.estimate.contaminated import of_all, relative
from oddjet.estimate.estimators.joint import anchored, binned
from oddjet.estimate.excess import (
    Fraction,
    Images,
    agreement,
    edges_of,
    mean_image,
    peaks,
    peaks_of,
    tabulate,
)

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
    jets_of = (2 * test[:, 1:], 2 * control[:, 1:])
    return tabulate(*jets_of, low, ["mass"], fraction, edges_of(jets_of)), test


def test_pulls_of_the_excess_have_mean_zero_and_width_one() -> None:
    rng = np.random.default_rng(0)
    truth = 2 * rng.normal(173, 15, 1_000_000)
    pulls = []
    for _ in range(60):
        for row in excess(rng)[0]:
            edges = row["low_edge"], row["high_edge"]
            true = ((truth > edges[0]) & (truth < edges[1])).mean() / (edges[1] - edges[0])
            pulls.append((row["density"] - true) / row["uncertainty"])
    # 60 samples of 40 bins, correlated within a sample by the fraction
    assert abs(np.mean(pulls)) < 0.15
    assert 0.85 < np.std(pulls) < 1.15


def test_the_excess_beside_a_contaminated_normal_sample_holds_no_background() -> None:
    rng = np.random.default_rng(3)
    number, contamination = 40_000, 0.1
    control, test = (jets(rng, round(number * (1 - c)), round(number * c)) for c in (0.1, F))
    low = {"test": test[:, 0] <= 0.5, "control": control[:, 0] <= 0.5}
    parts = (test[:, 1:], control[:, 1:])

    def background(contamination: float) -> float:
        fraction = Fraction.beside(contamination, (F, F - 0.005, F + 0.005), 1.0)
        rows = tabulate(*parts, low, ["mass"], fraction, edges_of(parts))
        light = [row for row in rows if row["high_edge"] < 100]  # 5 deviations below the peak
        return sum(row["density"] * (row["high_edge"] - row["low_edge"]) for row in light)

    # shares of 0.8 of 40,000 normal jets below 100, divided by the fraction
    assert background(contamination) == pytest.approx(0, abs=0.04)
    assert background(0.0) > 0.15
    found = Fraction.beside(contamination, (F, F - 0.02, F + 0.02), 2.0, 0.03, 1.15)
    assert found == Fraction(*map(pytest.approx, (0.2 / 0.9, 0.01 / 0.9, 0.03 / 0.9)), 1.15)


def test_fractions_of_all_jets_and_relative_to_the_normal_sample_are_inverse() -> None:
    assert relative(of_all(0.2, 0.1), 0.1) == pytest.approx(0.2)
    assert of_all(0.0, 0.1) == 0.1  # a test that is as the normal sample
    assert of_all(1.0, 0.1) == 1.0


def test_an_excess_is_less_certain_where_the_jets_of_a_test_fluctuate_more() -> None:
    rng = np.random.default_rng(2)
    control, test = jets(rng, CONTROL, 0), jets(rng, TEST - round(F * TEST), round(F * TEST))
    low = {"test": test[:, 0] <= 0.5, "control": control[:, 0] <= 0.5}
    parts = (test[:, 1:], control[:, 1:])
    found = []
    for overdispersion in (1.0, 1.5):
        fraction = Fraction(F, 0.02, 0.0, overdispersion)
        rows = tabulate(*parts, low, ["mass"], fraction, edges_of(parts))
        found.append(np.array([row["uncertainty"] for row in rows]))
    # of the number in the anchor p m, the variance p (1 - p) / m moves the fraction by 1 / B(A)
    p, anchored = low["test"].mean(), low["control"].mean()
    more = np.sqrt(1.25 * p * (1 - p) / TEST) / anchored
    edges = edges_of(parts)[:, 0]
    slope = np.histogram(control[:, 1], edges)[0] / len(control) - np.histogram(test[:, 1], edges)[
        0
    ] / len(test)
    expected = np.abs(slope) / F**2 * more / np.diff(edges)
    np.testing.assert_allclose(np.sqrt(found[1] ** 2 - found[0] ** 2), expected, rtol=1e-6)


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
    assert (
        tabulate(values, values, low, ["mass"], Fraction(0.01, 0.02, 0.0), edges_of([values])) == []
    )


def test_mass_peak_of_the_excess_is_that_of_the_anomalous_jets_within_its_uncertainty() -> None:
    rng, pulls, widths = np.random.default_rng(3), [], []
    for _ in range(30):
        (row,) = peaks(pd.DataFrame(excess(rng)[0]).assign(test="one"))
        pulls.append((row["peak"] - 2 * 173) / row["uncertainty"])
        widths.append(row["width"])
        assert 0 < row["uncertainty"] < 5  # 450 jets of a width of 30 give 1.4
    assert abs(np.mean(pulls)) < 3 / np.sqrt(30)
    assert 0.6 < np.std(pulls) < 1.5
    assert np.median(widths) == pytest.approx(30, rel=0.2)


def test_each_of_two_peaks_is_found_with_its_share_of_the_anomalous_jets() -> None:
    rng, edges = np.random.default_rng(6), np.linspace(0, 800, 41)
    pulls, shares = [], []
    for _ in range(30):
        mass = np.concatenate([rng.normal(115, 25, 150), rng.normal(505, 12, 150)])
        counts = np.histogram(mass, edges)[0] + rng.normal(0, 2, 40)
        each = 300 * 20  # of one jet a bin
        found = peaks_of(edges, counts / each, np.sqrt(np.maximum(counts, 0) + 4) / each)
        assert len(found) == 2
        pulls.append(
            [(one.peak - at) / one.uncertainty for one, at in zip(found, (115, 505), strict=True)]
        )
        shares.append([one.share for one in found])
    assert np.abs(np.mean(pulls, axis=0)).max() < 3 / np.sqrt(30)
    assert np.mean(shares, axis=0) == pytest.approx([0.5, 0.5], abs=0.05)


def test_noise_beside_a_peak_is_hardly_ever_a_peak() -> None:
    rng = np.random.default_rng(7)
    shape = np.exp(-0.5 * ((np.arange(40) - 30) / 2) ** 2)
    found = [
        peaks_of(np.arange(41.0), shape + rng.normal(0, 0.1, 40), np.full(40, 0.1))
        for _ in range(100)
    ]
    assert all(any(abs(peak.peak - 30.5) < 1 for peak in one) for one in found)
    # a region is chosen to hold much: four deviations are reached more often than 0.003% of times
    assert sum(map(len, found)) <= 103


def test_anomalous_jets_of_a_small_test_lie_within_the_edges_beside_many_control_jets() -> None:
    rng = np.random.default_rng(0)
    control, background = (rng.exponential(60, (n, 1)) for n in (100_000, 900))
    test = np.concatenate([background, rng.normal(500, 20, (100, 1))])
    edges = edges_of([control, test])[:, 0]
    assert edges[-1] > 500
    # as many on either side of the peak as noise allows
    assert np.mean(test[-100:] < edges[-1]) > 0.9


def test_a_peak_without_any_area_is_none() -> None:
    density = np.array([0.0, 0.0, 1e-9, 0.0, 0.0])
    assert all(peak.uncertainty > 0 for peak in peaks_of(np.arange(6.0), density, np.ones(5)))


def test_a_peak_of_one_bin_lies_in_it_and_where_there_is_no_maximum_there_is_no_peak() -> None:
    table = pd.DataFrame(excess(np.random.default_rng(4))[0]).assign(test="one")
    table["density"], table["uncertainty"] = 0.0, 0.1
    (row,) = peaks(table)
    assert np.isnan(row["peak"])
    table.loc[7, "density"] = 1.0
    (row,) = peaks(table)
    assert table.low_edge[7] < row["peak"] < table.high_edge[7]
    assert row["width"] < table.high_edge[7] - table.low_edge[7]
    assert list(peaks(table.assign(quantity="width"))) == []


def test_excesses_of_the_same_anomalous_jets_agree_and_of_others_do_not() -> None:
    rng = np.random.default_rng(5)
    control, edges = jets(rng, CONTROL, 0), None
    rows = []
    for name, moved in (("one", 0), ("same", 0), ("other", 60)):
        test = jets(rng, 1000, 500)
        test[1000:, 1] += moved
        edges = edges_of([control[:, 1:], test[:, 1:]]) if edges is None else edges
        low = {"test": test[:, 0] <= 0.5, "control": control[:, 0] <= 0.5}
        found = tabulate(
            test[:, 1:], control[:, 1:], low, ["mass"], Fraction(1 / 3, 0.02, 0), edges
        )
        rows += [{"test": name} | row for row in found]
    p_value = {(row["test"], row["other"]): row["p_value"] for row in agreement(pd.DataFrame(rows))}
    assert p_value["one", "same"] > 0.001
    assert p_value["one", "other"] < 1e-6
    assert p_value["same", "other"] < 1e-6


def test_mean_image_of_the_excess_is_that_of_the_anomalous_jets() -> None:
    rng = np.random.default_rng(6)
    background, signal = (
        rng.exponential(1.0, (4000, 1, 3, 3)),
        rng.exponential(1.0, (1500, 1, 3, 3)),
    )
    signal[:, 0, 1, 1] *= 5
    control, test = background[:2000], np.concatenate([background[2000:], signal])
    means = [Images.of([some[:700], some[700:]]) for some in (test, control)]
    np.testing.assert_allclose(means[0].mean, test.mean(axis=0))
    np.testing.assert_allclose(means[0].variance, test.var(axis=0) / len(test))
    found, deviation = mean_image(*means, 1500 / 3500, 0.01)
    true = np.ones((1, 3, 3))
    true[0, 1, 1] = 5
    assert (np.abs(found - true) < 4 * deviation).all()
    assert (deviation < 0.25).all()
