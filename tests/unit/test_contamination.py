"""How many anomalous jets the normal sample may hold itself."""

import numpy as np
import pytest

from oddjet.common.parts import CONTROL
from oddjet.estimate import fractions
from oddjet.estimate.contamination import Contamination, most
from oddjet.estimate.given import Given

NORMAL, TEST = 3000, 1500
ANCHOR = 0.5


def drawn(
    rng: np.random.Generator, contamination: float, fraction: float = 0.3, peak: float = 60.0
) -> dict[str, np.ndarray]:
    """Scores of control, some of them anomalous, and of a test; the higher `peak`, the purer."""

    def some(jets: int, share: float) -> np.ndarray:
        anomalous = rng.binomial(jets, share)
        return np.append(rng.random(jets - anomalous), rng.beta(peak, 1, anomalous))

    return {CONTROL: some(NORMAL, contamination), "test": some(TEST, fraction)}


def test_next_to_nothing_is_left_of_a_pure_sample_where_scores_separate_well() -> None:
    scores = drawn(np.random.default_rng(0), 0.0, peak=2000.0)
    assert 0 < most(scores, ANCHOR, 1.0) < 0.01


@pytest.mark.parametrize("peak", [20.0, 200.0])
@pytest.mark.parametrize("contamination", [0.02, 0.1])
def test_the_limit_holds_at_least_as_often_as_one_standard_deviation(
    contamination: float, peak: float
) -> None:
    rng = np.random.default_rng(1)
    found = [
        most(drawn(rng, contamination, peak=peak), ANCHOR, 1.0) >= contamination for _ in range(200)
    ]
    assert np.mean(found) >= 0.84 - 3 * (0.84 * 0.16 / 200) ** 0.5


def test_the_limit_is_near_a_contamination_that_clear_scores_show() -> None:
    rng = np.random.default_rng(2)
    limits = [most(drawn(rng, 0.1, peak=2000.0), ANCHOR, 1.0) for _ in range(50)]
    # one standard deviation above: some 74 normal and 111 test jets, a ratio of 3 less 15%
    assert 0.11 < np.mean(limits) < 0.15


def test_a_worse_score_excludes_less() -> None:
    limits = []
    for peak in (2000.0, 60.0, 10.0):
        limits.append(most(drawn(np.random.default_rng(3), 0.0, peak=peak), ANCHOR, 1.0))
    assert limits == sorted(limits)


def test_scores_without_a_visible_excess_say_nothing_of_the_normal_sample() -> None:
    rng = np.random.default_rng(4)
    assert most(drawn(rng, 0.0, fraction=0.0), ANCHOR, 1.0) is None
    same = np.full(NORMAL, 0.5)
    assert most({CONTROL: same, "test": same}, ANCHOR, 1.0) is None
    # and none are known that could be in it
    assert Contamination(0.0, "auto", None).allowance(0.1) == (0.0, 0.0)


def test_one_test_that_shows_the_anomaly_bounds_it_for_all() -> None:
    rng = np.random.default_rng(6)
    scores = drawn(rng, 0.0, peak=2000.0) | {"none": rng.random(TEST)}
    assert 0 < most(scores, ANCHOR, 1.0) < 0.02


def test_what_is_not_excluded_reaches_upwards_as_far_as_the_fraction_reads_low() -> None:
    settings = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": ANCHOR, "bootstrap": 100}
    rng = np.random.default_rng(5)
    scores = drawn(rng, 0.1, peak=2000.0)
    rows = fractions.tabulate(Given(scores, **settings), 0.68)
    read = next(row["fraction"] for row in rows if row["estimator"] == "joint")
    down, up = Contamination(0.0, "auto", most(scores, ANCHOR, 1.0)).allowance(read)
    assert down == 0.0
    # off by its statistical uncertainty of 0.02, and by that of the limit
    assert read < 0.27
    assert read + up == pytest.approx(0.3, abs=0.04)


def test_what_is_known_already_is_not_allowed_for_again() -> None:
    assert Contamination(0.05, "auto", 0.04).allowance(0.3) == (0.0, 0.0)
    assert Contamination(0.05, "auto", 0.1).allowance(0.3)[1] == pytest.approx(0.05 * 0.7 / 0.95)
    assert Contamination(0.0, 0.0, 0.1).allowance(0.3) == (0.0, 0.0)
    assert Contamination(0.0, 0.02, 0.1).allowance(0.3) == pytest.approx((0.014, 0.014))
