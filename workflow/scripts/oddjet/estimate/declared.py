"""Estimators and checks by name: what each assumes, in words, and how it is used.

Each is the module of its name in `oddjet.estimate.estimators` or `oddjet.estimate.checks`. Nothing
here computes: what shows names and texts needs no more.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimator:
    """An estimator of the anomalous fraction.

    Attributes:
        assumes: what it does and what it assumes, for the page.
        is_bound: it can only read low, and so is a lower bound.
        leans_on_anchor: it assumes that the lowest scores are background alone.
    """

    assumes: str
    is_bound: bool = False
    leans_on_anchor: bool = False


@dataclass(frozen=True)
class Check:
    """A check of what the fractions assume.

    Attributes:
        holds: what is so where it is passed, for the page.
        fails: what is said of a test, and of the other test of a pair, where it is not.
        of_pairs: it is made on each pair of tests, else on each test.
        of_features: it sees the jets' features, not their scores alone.
        of_tagger: it is for a score that was learnt from the tests, and needs all features.
    """

    holds: str
    fails: str
    of_pairs: bool = False
    of_features: bool = False
    of_tagger: bool = False


ESTIMATORS = {
    "joint": Estimator(
        "Common likelihood fit of all tests: the lowest scores (the anchor) count the background "
        "of each, and the tests share one free signal shape. Assumes that no anomalous jet scores "
        "as low as the anchor; otherwise it reads low.",
        leans_on_anchor=True,
    ),
    "bbe": Estimator(
        "1 - M(A) / B(A) in the region A of low scores where it is lowest (best bin estimation). "
        "Assumes that the lowest scores are background alone; otherwise it reads low.",
        leans_on_anchor=True,
    ),
    "binormal": Estimator(
        "Likelihood fit with anomalous jets that are normally distributed on the axis on which "
        "control jets are (the binormal ROC curve). Needs no region without anomalous jets; "
        "assumes this shape.",
    ),
    "template": Estimator(
        "Likelihood fit of control jets and simulated anomalous jets to the test. Assumes that the "
        "simulation describes the anomalous jets.",
    ),
    "cut": Estimator(
        "Share of jets above the cut. Assumes nothing; biased by (1 - f) FPR - f (1 - TPR).",
    ),
    "corrected": Estimator(
        "(share above the cut - FPR) / (1 - FPR). Assumes that every anomalous jet passes the cut "
        "(TPR = 1); otherwise it reads low, so it is a lower bound.",
        is_bound=True,
    ),
    "lower_bound": Estimator(
        "1 - the most background that fits below every threshold at once. Assumes nothing about "
        "the signal: a lower bound of the stated confidence, for any sample size.",
        is_bound=True,
    ),
}
LOWER_BOUNDS = tuple(name for name, one in ESTIMATORS.items() if one.is_bound)
ENVELOPE = tuple(name for name, one in ESTIMATORS.items() if one.leans_on_anchor)

CHECKS = {
    "proportionality": Check(
        "M - B has the same shape in any two tests: they hold the same anomalous jets and the "
        "background of the control jets, only in other fractions",
        "the excesses of {test} and {other} have different shapes",
        of_pairs=True,
    ),
    "anchor": Check(
        "the fraction does not fall as the anchor grows: in its upper half the test has no larger "
        "share of control than in its lower half",
        "the fraction of {test} falls as the anchor grows: anomalous jets score as low",
    ),
    "background_scores": Check(
        "the low scores of the test are distributed as those of control jets",
        "low scores of {test} are not distributed as those of control",
    ),
    "background_features": Check(
        "no classifier tells the low-score jets of the test from control jets by their latents, pt "
        "and number of lit pixels, or by the features of the tagger",
        "low-score jets of {test} are unlike those of control in latents or features",
        of_features=True,
    ),
    "background_halves": Check(
        "no classifier of one half of the features tells jets of the test from control jets where "
        "both look normal by the other half",
        "jets of {test} that look normal by one half of the features do not by the other",
        of_features=True,
        of_tagger=True,
    ),
}
