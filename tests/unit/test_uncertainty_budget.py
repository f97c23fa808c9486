"""What the uncertainty of the headline consists of."""

import numpy as np
import pandas as pd
import pytest

from oddjet.estimate import fractions
from oddjet.estimate.background import allowance
from oddjet.estimate.contamination import Contamination
from oddjet.estimate.given import Given
from oddjet.estimate.overlap import Overlap
from oddjet.estimate.uncertainty_budget import budget

CONTROL, TEST = 3000, 1500
LEAK = Overlap(leak=0.04, deviation=0.03, fraction=0.4, jets=10**6)
PURE = Contamination(0.0, 0.0, most=0.0)


def made(
    headline: str = "joint",
    control: int = CONTROL,
    contamination: Contamination = PURE,
    tilt: float = 0.0,
    overdispersion: float = 1.0,
    confidence: float = 0.68,
) -> dict[str, pd.DataFrame]:
    """The budget of three seeds and their ensemble, a table with `source` as index by test."""
    rng = np.random.default_rng(0)
    scores = {"normal_control": rng.random(control)}
    for test, fraction in (("low", 0.2), ("high", 0.6)):
        signal = round(TEST * fraction)
        scores[test] = np.concatenate([rng.random(TEST - signal), rng.beta(20, 1, signal)])
    settings = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}
    rows = []
    for seed in ("1", "2", "3", "ensemble"):
        shift = 0.0 if seed == "ensemble" else 0.01 * int(seed)
        given = Given(scores, **settings, contamination=contamination.fraction)
        for row in fractions.tabulate(given, confidence):
            moved = {name: row[name] + shift for name in ("fraction", "low", "high")}
            rows.append({"seed": seed} | row | moved)
            if row["estimator"] == "bbe":
                rows[-1] |= {"fraction": row["fraction"] - 0.1}
    found = pd.DataFrame(
        budget(
            pd.DataFrame(rows),
            scores,
            LEAK,
            contamination,
            tilt,
            headline,
            0.5,
            confidence,
            overdispersion,
        )
    )
    return {test: here.set_index("source") for test, here in found.groupby("test")}


def test_jets_that_fluctuate_more_make_the_statistical_parts_as_much_larger() -> None:
    plain, wider = made(), made(overdispersion=1.1)
    for test in ("low", "high"):
        for part in ("test jets", "control jets"):
            assert wider[test].up[part] == pytest.approx(1.1 * plain[test].up[part])
        assert wider[test].up["seeds"] == pytest.approx(plain[test].up["seeds"])


def test_test_and_control_jets_make_the_interval_in_quadrature() -> None:
    few, many = made(), made(control=20 * CONTROL)
    for test in ("low", "high"):
        of_test, of_control = (few[test].up[name] for name in ("test jets", "control jets"))
        assert 0 < of_control < of_test
        # twenty times as many control jets: their part is sqrt(20) smaller, the other stays
        assert many[test].up["control jets"] == pytest.approx(of_control / 20**0.5, rel=0.3)
        assert many[test].up["test jets"] == pytest.approx(of_test, rel=0.2)


def test_seeds_are_their_standard_deviation_and_estimators_reach_to_the_farthest() -> None:
    table = made()["high"]
    # 68% are 0.994 standard deviations
    assert table.up["seeds"] == table.down["seeds"] == pytest.approx(0.00994, rel=1e-3)
    assert table.down["estimators"] > 0.05  # the one that was moved by a tenth
    assert table.up["estimators"] < 0.05


def test_all_uncertainties_grow_with_the_confidence_that_is_asked_for() -> None:
    wide, usual = made(tilt=0.1, confidence=0.95)["low"], made(tilt=0.1)["low"]
    parts = ["test jets", "control jets", "overlap", "background", "seeds"]
    assert (wide.up[parts] / usual.up[parts]).to_list() == pytest.approx(
        [1.9600 / 0.9945] * 5, rel=1e-4
    )


def test_other_headlines_have_their_interval_in_one() -> None:
    table = made("corrected")["low"]
    assert list(table.index) == ["statistics", "seeds", "estimators"]
    assert (table[["down", "up"]] >= 0).all().all()


def test_overlap_reaches_up_alone_and_in_proportion_to_the_fraction() -> None:
    for table in made().values():
        assert table.down["overlap"] == 0
    low, high = (table.up["overlap"] for table in made().values())
    # a leak and its uncertainty of 0.05 in all, at a pooled fraction of 0.4
    assert high == pytest.approx(0.05 * 0.2 / 0.4, rel=0.15)
    assert low == pytest.approx(0.05 * 0.6 / 0.4, rel=0.15)


def test_a_leak_is_one_of_the_jets_that_are_no_normal_sample() -> None:
    pure, known = made(), made(contamination=Contamination(0.1, 0.0, most=None))
    for test, table in known.items():
        # but for what the seeds of the table were moved by
        assert table.up["overlap"] == pytest.approx(0.9 * pure[test].up["overlap"], rel=0.01)


def test_what_is_known_of_the_normal_sample_matters_less_the_purer_the_test_is() -> None:
    tables = made(contamination=Contamination(0.0, 0.1, most=0.0))
    for test, fraction in (("low", 0.2), ("high", 0.6)):
        # 68% are 0.994 standard deviations
        expected = 0.994 * 0.1 * (1 - fraction)
        assert tables[test].up["contamination"] == pytest.approx(expected, rel=0.1)


def test_a_tilted_background_reaches_as_far_as_it_moves_the_estimate() -> None:
    rng = np.random.default_rng(1)
    jets, fraction, tilt = 400_000, 0.3, 0.2
    background = rng.random(jets)
    settings = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}
    tilted = rng.random(jets) < (1 + tilt * (2 * background - 1)) / (1 + tilt)
    drawn = background[tilted]
    signal = 0.9 + 0.1 * rng.random(round(len(drawn) * fraction / (1 - fraction)))
    scores = {"normal_control": rng.random(jets), "test": np.append(drawn, signal)}
    found = fractions.tabulate(Given(scores, **settings), 0.68)
    joint = next(row["fraction"] for row in found if row["estimator"] == "joint")
    # the statistical uncertainty is 0.002
    assert joint - fraction == pytest.approx(allowance(joint, tilt, 0.5), rel=0.1)
    assert made()["low"].index.isin(["background"]).sum() == 0
    table = made(tilt=tilt)["low"]
    assert table.up["background"] == table.down["background"]
    assert table.up["background"] == pytest.approx(0.994 * 0.8 * tilt * 0.5, rel=0.05)
