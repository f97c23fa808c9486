"""Whether there is anything in a test, how sure that is, and how little would be seen."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from scipy import optimize, special, stats

from oddjet.common.parts import CONTROL, tests_of
from oddjet.estimate.low_scores import low_scores
from oddjet.estimate.overlap import Overlap
from oddjet.estimate.trust import LEAST_P, VISIBLE

CUTS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)  # shares of the highest scores that are searched
# Shares of control at which the passing anomalous jets are counted: a cut on pooled scores lies
# higher in control the more of the jets above it are anomalous, and beyond its last jet at most.
QUANTILES = (*CUTS, 0.005, 0.002, 0.001, 0.0)
DRAWS = 20_000  # of the search's own distribution
SIZES = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)  # jets of a test
FEW = 100  # draws below which the search is counted by its number of cuts


def background_log_p_value(
    control: np.ndarray, test: np.ndarray, overdispersion: float = 1.0
) -> float:
    """The logarithm of the p-value of a test that holds background alone.

    If both samples are alike, which of the highest of all their jets are the test's is chance, with
    the hypergeometric distribution (Fisher's exact test, one-sided). Several shares of the pooled
    jets are searched, and the search is paid for: the smallest p-value is compared with those of
    permutations, and beyond their number multiplied by the number of cuts. Nothing is assumed of
    the signal.

    Args:
        control, test: scores (n,) and (m,).
        overdispersion: as of `Given`; the standard deviations of the p-value, search included, are
            divided by it.
    """
    pooled = np.concatenate([control, test])
    # control before test where scores are equal, which are no sign of anything
    of_test = np.cumsum(np.argsort(-pooled, kind="stable") >= len(control))
    smallest = min(
        _log_p_values(of_test[size - 1 : size], len(pooled), len(test), size)[0]
        for size in _sizes(len(pooled))
    )
    drawn = _smallest_by_chance(len(pooled), len(test))
    by_chance = np.log(max((drawn <= smallest).mean(), LEAST_P))
    paid = min(smallest + np.log(len(CUTS)), np.log(FEW / DRAWS))
    found = min(max(by_chance, paid), 0.0)
    return float(special.log_ndtr(special.ndtri_exp(found) / overdispersion))


def _sizes(jets: int) -> list[int]:
    """How many of so many jets are the highest, for each share that is searched."""
    return [max(round(share * jets), 1) for share in CUTS]


def _log_p_values(found: np.ndarray, jets: int, of_test: int, size: int) -> np.ndarray:
    """The logarithms of the chances that a test has so many of the `size` highest, or more.

    Args:
        found: how many, ascending (n,). One sum from the largest possible number down serves all
            of them; SciPy's `logsf` sums anew for each.
    """
    numbers = np.arange(found[0], min(size, of_test) + 1)
    chances = stats.hypergeom.logpmf(numbers, jets, of_test, size)
    return np.logaddexp.accumulate(chances[::-1])[::-1][found - found[0]]


@cache
def _smallest_by_chance(jets: int, of_test: int) -> np.ndarray:
    """The logarithms of the smallest p-value in permutations, (DRAWS,)."""
    rng = np.random.default_rng(0)
    sizes = _sizes(jets)
    between = np.diff([*sizes[::-1]], prepend=0)  # from the highest cut down
    drawn = rng.multivariate_hypergeometric(
        [*between, jets - sizes[0]], of_test, DRAWS, method="marginals"
    )
    above = np.cumsum(drawn[:, :-1], axis=1)[:, ::-1]
    found = np.empty(above.shape)
    for column, size in enumerate(sizes):
        possible, place = np.unique(above[:, column], return_inverse=True)
        found[:, column] = _log_p_values(possible, jets, of_test, size)[place]
    return found.min(axis=1)


def significance(log_p_value: float) -> float:
    """Standard deviations of a normal number of this one-sided p-value; 0 for one above a half."""
    return max(float(-special.ndtri_exp(log_p_value)), 0.0) if log_p_value < 0 else 0.0


def passing(scores: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Shares (len(QUANTILES),) of scores above quantiles of control."""
    edges = np.quantile(control, 1 - np.array(QUANTILES), method="inverted_cdf")
    return (scores[:, None] > edges).mean(0)


def expected_fraction(
    control: np.ndarray, events: int, anomalous: np.ndarray, wanted: float
) -> float:
    """The fraction of anomalous jets at which a test is expected to reach a significance.

    With the expected numbers in place of fluctuating ones (the Asimov data set of Cowan, Cranmer,
    Gross and Vitells, Eur. Phys. J. C 71 (2011) 1554), by the likelihood ratio of the jets above
    and below a cut in both samples, and the search paid for as above.

    Args:
        control: scores (n,).
        events: jets of the test.
        anomalous: as of `passing`, of the anomalous jets.
        wanted: standard deviations.

    Returns:
        The fraction; nan where a pure sample of anomalous jets would not reach it.
    """
    background = passing(control, control)
    p_value = special.ndtr(-wanted) / len(CUTS)
    needed = float(-special.ndtri(p_value))

    def missing(fraction: float) -> float:
        share = (1 - fraction) * background + fraction * anomalous
        both = (share * events + background * len(control)) / (events + len(control))
        ratio = sum(
            jets * (special.rel_entr(part, both) + special.rel_entr(1 - part, 1 - both))
            for jets, part in ((events, share), (len(control), background))
        )
        found = np.sqrt(np.maximum(2 * ratio, 0)) * np.sign(share - background)
        # none higher is searched
        return float(found[both >= min(CUTS)].max(initial=0.0) - needed)

    if missing(1.0) < 0:
        return np.nan
    return float(optimize.brentq(missing, 0.0, 1.0, xtol=1e-5))


def tabulate(
    scores: Mapping[str, np.ndarray], overlap: Overlap, anchor: float, overdispersion: float
) -> list[dict]:
    """Whether there is anything in each test, and how little would be seen.

    Args:
        scores: by sample part, (N,).
        overlap: of all tests.
        anchor: as of `low_scores`.
        overdispersion: as of `background_log_p_value`.

    Returns:
        A row per test: `test, p_background, significance, expected_3sigma, expected_5sigma,
        overlap, anchored`, the last two `Overlap.least` and the number of jets of low score.
    """
    control, tests = scores[CONTROL], tests_of(scores)
    found = {test: background_log_p_value(control, scores[test], overdispersion) for test in tests}
    largest = max(map(significance, found.values()))
    anomalous = _anomalous(scores, overlap, largest)
    low = low_scores(scores, anchor)
    return [
        {
            "test": test,
            "p_background": float(np.exp(found[test])),
            "significance": significance(found[test]),
            **_expected(control, len(scores[test]), anomalous, overdispersion),
            "overlap": overlap.least,
            "anchored": int(low[test].sum()),
        }
        for test in tests
    ]


def sensitivity(
    scores: Mapping[str, np.ndarray], overlap: Overlap, overdispersion: float, largest: float
) -> list[dict]:
    """How little would be seen in tests of other sizes, with the control jets that there are.

    Args:
        scores, overlap, overdispersion: as of `tabulate`.
        largest: significance of all tests.

    Returns:
        A row per number of jets: `jets, expected_3sigma, expected_5sigma`.
    """
    anomalous = _anomalous(scores, overlap, largest)
    return [
        {"jets": jets} | _expected(scores[CONTROL], jets, anomalous, overdispersion)
        for jets in SIZES
    ]


def _anomalous(scores: Mapping[str, np.ndarray], overlap: Overlap, largest: float) -> np.ndarray:
    """Shares (len(QUANTILES),) of the anomalous jets that pass, by the excess of all tests.

    Where none is visible nothing is known of them, and they are taken to pass all cuts: no anomaly
    is seen sooner.
    """
    if largest < VISIBLE or overlap.fraction <= 0:
        return np.ones(len(QUANTILES))
    control = scores[CONTROL]
    seen = passing(np.concatenate([scores[test] for test in tests_of(scores)]), control)
    excess = seen - (1 - overlap.fraction) * passing(control, control)
    return np.clip(excess / overlap.fraction, 0, 1)


def _expected(
    control: np.ndarray, events: int, anomalous: np.ndarray, overdispersion: float
) -> dict[str, float]:
    return {
        f"expected_{wanted}sigma": expected_fraction(
            control, events, anomalous, wanted * overdispersion
        )
        for wanted in (3, 5)
    }
