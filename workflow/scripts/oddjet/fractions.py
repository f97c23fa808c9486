"""The anomalous fraction of a test from its anomaly scores and those of held-out control jets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy import stats

from oddjet.mixture import bootstrap_best_bin, lower_bound

Rate = TypeVar("Rate", float, np.ndarray)

ESTIMATORS = {
    "cut": "Share of jets above the cut. Assumes nothing; biased by (1 - f) FPR - f (1 - TPR).",
    "corrected": "(share above the cut - FPR) / (1 - FPR). Assumes that every anomalous jet passes "
    "the cut (TPR = 1); otherwise it reads low, so it is a lower bound.",
    "lower_bound": "1 - the most background that fits below every threshold at once. Assumes "
    "nothing about the signal: a lower bound of the stated confidence, for any sample size.",
    "bbe": "1 - M(A) / B(A) in the region A of low scores where it is lowest (best bin "
    "estimation). Assumes that the lowest scores are background alone; otherwise it reads low.",
}
CUTS = ("cut", "corrected")
LOWER_BOUNDS = ("corrected", "lower_bound")


@dataclass(frozen=True)
class Cut:
    """A cut on the score: jets strictly above `threshold` are called anomalous.

    `fpr` is the share of control jets above it, `fpr_upper` its upper confidence limit.
    """

    threshold: float
    fpr: float
    fpr_upper: float


def least_control(max_fpr: float, confidence: float) -> int:
    """The fewest control jets that can prove a false positive rate <= `max_fpr`.

    With no false positive among n the upper limit of Clopper and Pearson is
    1 - (1 - confidence)**(1/n).
    """
    return int(np.ceil(np.log1p(-confidence) / np.log1p(-max_fpr)))


def allowed_false_positives(control: int, max_fpr: float, confidence: float) -> int:
    """How many of `control` jets may pass a cut whose false positive rate is proved <= `max_fpr`.

    The proof is the one-sided upper limit of Clopper and Pearson (Biometrika 26 (1934) 404).

    Raises:
        ValueError: too few control jets.
    """
    upper = _upper_limit(np.arange(control), control, confidence)
    allowed = int(np.searchsorted(upper, max_fpr, side="right")) - 1
    if allowed < 0:
        raise ValueError(f"{control} control jets cannot prove a false positive rate <= {max_fpr}")
    return allowed


def _upper_limit(passed: np.ndarray, control: int, confidence: float) -> np.ndarray:
    return stats.beta.ppf(confidence, passed + 1, control - passed)


def choose_cut(control: np.ndarray, max_fpr: float, confidence: float) -> Cut:
    """The loosest cut whose false positive rate is proved <= `max_fpr` by the control scores (N,).

    Raises:
        ValueError: too few control jets.
    """
    allowed = allowed_false_positives(len(control), max_fpr, confidence)
    threshold = np.sort(control)[len(control) - allowed - 1]
    passed = int((control > threshold).sum())
    return Cut(
        float(threshold),
        passed / len(control),
        float(_upper_limit(np.array(passed), len(control), confidence)),
    )


def bootstrap_rates(
    control: np.ndarray, test: np.ndarray, allowed: int, replicas: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Resample control and test events, choose the cut anew each time, and count what passes.

    Drawn from the exact distributions of the counts, so that nothing is copied or sorted again.
    Of n events drawn with replacement the one with `allowed` above it is event floor(n U), U an
    order statistic of n uniform numbers: a Beta(n - allowed, allowed + 1) number. Those above it
    are uniform beyond U, so how many differ in value is binomial; so is what passes in the test.

    Args:
        control, test: scores (n,) and (m,).
        allowed: control events that may lie above the cut.

    Returns:
        False positive rate and share of the test above the cut, each (replicas,).
    """
    n = len(control)
    ordered, test = np.sort(control), np.sort(test)
    position = rng.beta(n - allowed, allowed + 1, replicas)
    threshold = ordered[np.minimum((n * position).astype(int), n - 1)]
    beyond = 1 - np.searchsorted(ordered, threshold, side="right") / n
    fpr = rng.binomial(allowed, np.minimum(beyond / (1 - position), 1)) / n
    share = 1 - np.searchsorted(test, threshold, side="right") / len(test)
    return fpr, rng.binomial(len(test), share) / len(test)


def corrected(observed: Rate, fpr: Rate) -> Rate:
    """The fraction if every anomalous jet passed the cut, from the share observed above it."""
    return (observed - fpr) / (1 - fpr)


def estimate(
    scores: Mapping[str, np.ndarray],
    max_fpr: float,
    fpr_confidence: float,
    bootstrap: int,
    confidence: float,
) -> list[dict]:
    """Estimate the anomalous fraction of each test with each estimator.

    Args:
        scores: by sample part, (N,): `normal_control` and the tests; other parts are not used.
        max_fpr, fpr_confidence: the cut's false positive rate, and how surely it is kept.
        bootstrap: replicas of the bootstrap over control and test events.
        confidence: of the interval between the outer percentiles of the replicas.

    Returns:
        A row per test and estimator: `test, estimator, fraction, low, high, threshold, fpr,
        fpr_upper`, the last three for those that cut.
    """
    control = scores["normal_control"]
    cut = choose_cut(control, max_fpr, fpr_confidence)
    allowed = allowed_false_positives(len(control), max_fpr, fpr_confidence)
    outside = [50 * (1 - confidence), 50 * (1 + confidence)]
    rows = []
    for test in tests_of(scores):
        observed = float((scores[test] > cut.threshold).mean())
        rng = np.random.default_rng(0)  # the same replicas of control for every test
        fpr, share = bootstrap_rates(control, scores[test], allowed, bootstrap, rng)
        bound = lower_bound(control, scores[test], confidence)
        estimates = {
            "cut": (observed, *np.percentile(share, outside)),
            "corrected": (
                corrected(observed, cut.fpr),
                *np.percentile(corrected(share, fpr), outside),
            ),
            "lower_bound": (bound, bound, 1.0),
        }
        best, replicas = bootstrap_best_bin(control, scores[test], bootstrap, rng)
        # replicas of a smallest ratio are shifted as a whole: their spread counts, not their place
        replicas += best - np.median(replicas)
        estimates["bbe"] = (best, *np.percentile(replicas, outside))
        for estimator, (fraction, low, high) in estimates.items():
            cuts = estimator in CUTS
            rows.append(
                {"test": test, "estimator": estimator}
                | {"fraction": fraction, "low": low, "high": high}
                | {"threshold": cut.threshold if cuts else None}
                | {"fpr": cut.fpr if cuts else None}
                | {"fpr_upper": cut.fpr_upper if cuts else None}
            )
    return rows


def tests_of(parts: Mapping[str, np.ndarray]) -> list[str]:
    """The names of the tests among the parts of a sample."""
    return [part for part in parts if not part.startswith("normal_")]
