"""An anomaly score without labels: what tells test jets from normal ones, given features of both.

A test of background b and signal s at fraction f has the density ratio 1 - f + f s / b to normal
jets, which grows with s / b whatever f is: the best classifier of test against normal jets is the
best of signal against background (Metodiev, Nachman and Thaler, arXiv:1708.02949; one class pure:
Elkan and Noto, KDD 2008). That of all tests together has the mean of their fractions.

Two kinds of classifiers are averaged by their log odds. Gradient-boosted trees, each on a random
half of the features, resist features without use (Finke et al., arXiv:2309.13111; bagging over
features: arXiv:2604.20965). A logistic regression on ranks has few parameters, of use where there
is little signal to learn from, and none that a single jet could move far.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from oddjet.common.parts import CONTROL, OVERDISPERSION
from oddjet.estimate.ensemble import rank
from oddjet.estimate.learnt_from import learnt_from

FOLDS = 3
BAGS = 4
# Small trees, slowly: at fractions of 0.05 a leaf of 100 jets may hold a handful of anomalous ones.
# No weights: equal ones for the classes would only shift the log odds by a constant.
TREES = {
    "max_iter": 100,
    "learning_rate": 0.05,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 100,
    "early_stopping": False,
}
STRENGTH = 0.03  # C of the logistic regression
AT_ONCE = 100_000  # jets whose ranks, in double precision, are in memory together
TAIL = 0.95  # quantile of control, beyond which an excess is looked for
SIGNIFICANT = 3.0  # standard deviations from which on a tagger has learnt something


@dataclass(frozen=True)
class Trees:
    """Gradient-boosted trees that read some of the features.

    Attributes:
        columns: which of the features, (k,).
        fitted: to them.
    """

    columns: np.ndarray
    fitted: HistGradientBoostingClassifier

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Log odds (n,) of features (n, d)."""
        return self.fitted.decision_function(features[:, self.columns])


class Reference:
    """Normal jets that classifiers learn from, and among which a jet's features are ranked.

    Attributes:
        jets: features (m, d).
        own: their own ranks, (m, 2d), worked out once for all classifiers.

    Args:
        jets: as the attribute.
    """

    def __init__(self, jets: np.ndarray) -> None:
        self.jets, self._ordered = jets, np.sort(jets, axis=0)
        self.own = self.ranks(jets)

    def ranks(self, features: np.ndarray) -> np.ndarray:
        """Ranks (n, d) of features (n, d), from -1/2 to 1/2, and their squares: (n, 2d).

        The squares see an excess in both tails.
        """
        ranks = np.empty(features.shape)
        for column, (values, among) in enumerate(zip(features.T, self._ordered.T, strict=True)):
            ranks[:, column] = np.searchsorted(among, values, side="right") / len(among) - 0.5
        return np.concatenate([ranks, ranks**2], axis=1)


@dataclass(frozen=True)
class Linear:
    """A logistic regression on ranks.

    Attributes:
        reference: among which a jet is ranked.
        fitted: to ranks.
    """

    reference: Reference
    fitted: LogisticRegression

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Log odds (n,) of features (n, d)."""
        pieces = np.split(features, range(AT_ONCE, len(features), AT_ONCE))
        return np.concatenate(
            [self.fitted.decision_function(self.reference.ranks(piece)) for piece in pieces]
        )


@dataclass(frozen=True)
class Tagger:
    """What a training gives.

    Attributes:
        scores: by part, as of `ranks`.
        folds: by part, of which fold in each bag the classifiers are that score a jet, (n, `BAGS`).
        log_odds: of control jets by each fold's classifiers, trees and linear together,
            (c, `BAGS`, `FOLDS`).
        classifiers: bag by bag, fold by fold; of a `Linear` what is fitted, as all have one
            reference.
    """

    scores: dict[str, np.ndarray]
    folds: dict[str, np.ndarray]
    log_odds: np.ndarray
    classifiers: list[tuple[Trees, LogisticRegression]]


def tag(
    normal: np.ndarray,
    apart: Mapping[str, np.ndarray],
    tests: Mapping[str, np.ndarray],
    seed: int,
) -> dict[str, np.ndarray]:
    """The scores that `train` gives."""
    return train(normal, apart, tests, seed).scores


def train(
    normal: np.ndarray,
    apart: Mapping[str, np.ndarray],
    tests: Mapping[str, np.ndarray],
    seed: int,
) -> Tagger:
    """Score control jets and all tests; no jet by a classifier that has seen it.

    The test jets, all tests together, are divided into folds at random, anew for each bag; those of
    a fold are scored by classifiers of normal jets against the other folds, and ranked among all
    control jets as the same classifiers score them. Control trains none, so whatever was trained,
    a background jet of a test and a control jet are drawn alike and scored alike: its rank is
    uniform (a conformal p-value, Vovk, Gammerman and Shafer, Algorithmic Learning in a Random
    World, 2005). Control is divided into folds as the tests are, so that ranks of several seeds
    correlate alike in both.

    Ranking it among control jets that others score would not do, be it each by the classifiers of
    a fold of its own or by the mean of all: those have learnt from the jet that it looks like the
    test, and rank control jets of its kind above it.

    Of many jets a part is learnt from. All are scored.

    Args:
        normal: features (n, d) of normal jets outside control.
        apart: by sample part, `normal_control` among them, of jets that train nothing, (c, d).
        tests: of each test's jets (m, d). Jets with the same features, as copies of an event have,
            are kept in one fold.
        seed: of the division into folds and the choice of features.

    Returns:
        Scores and folds by part, those of `apart` and the tests, and what scores them.
    """
    rng = np.random.default_rng(seed)
    reference = Reference(learnt_from(normal))
    pooled = np.concatenate(list(tests.values()))
    _, event = np.unique(pooled, axis=0, return_inverse=True)
    fold_of = np.empty((len(pooled), BAGS), np.int8)
    chosen = {part: np.empty((len(jets), BAGS), np.int8) for part, jets in apart.items()}
    trained = []
    for bag in range(BAGS):
        fold_of[:, bag] = folds(event.max() + 1, rng)[event]
        for of_part in chosen.values():
            of_part[:, bag] = folds(len(of_part), rng)
        for fold in range(FOLDS):
            others = learnt_from(pooled[fold_of[:, bag] != fold])
            trees, linear = classifiers(reference, others, rng)
            trained.append((trees, linear.fitted))
    chosen |= _divided(fold_of, tests)
    control = _log_odds(trained, reference, apart[CONTROL])  # by all, as any jet is ranked in it
    odds = []
    for part, jets in [*apart.items(), *tests.items()]:
        of_all = control if part == CONTROL else _log_odds(trained, reference, jets, chosen[part])
        odds.append(of_folds(of_all, chosen[part]))
    # of all parts together: control jets are put in order once for each choice of folds
    found = ranks(np.concatenate(odds), np.concatenate([*chosen.values()]), control)
    return Tagger(_divided(found, chosen), chosen, control, trained)


def _divided(joined: np.ndarray, parts: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What stands one part behind the other, by part."""
    ends = np.cumsum([len(part) for part in parts.values()])[:-1]
    return dict(zip(parts, np.split(joined, ends), strict=True))


def _log_odds(
    trained: Sequence[tuple[Trees, LogisticRegression]],
    reference: Reference,
    jets: np.ndarray,
    chosen: np.ndarray | None = None,
) -> np.ndarray:
    """Log odds (n, `BAGS`, `FOLDS`) of features (n, d), of the chosen folds (n, `BAGS`) alone."""
    odds = np.zeros((len(jets), BAGS, FOLDS))
    for start in range(0, len(jets), AT_ONCE):
        piece = slice(start, start + AT_ONCE)
        features, ranked = jets[piece], reference.ranks(jets[piece])
        for number, (trees, linear) in enumerate(trained):
            bag, fold = divmod(number, FOLDS)
            here = slice(None) if chosen is None else chosen[piece, bag] == fold
            if len(features[here]):
                both = trees(features[here]) + linear.decision_function(ranked[here])
                odds[piece][here, bag, fold] = both
    return odds


def of_folds(log_odds: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The sum (n,) over bags of log odds (n, `BAGS`, `FOLDS`) by the chosen folds (n, `BAGS`)."""
    return np.take_along_axis(log_odds, chosen[..., None].astype(np.intp), axis=2).sum(axis=(1, 2))


def ranks(odds: np.ndarray, chosen: np.ndarray, control: np.ndarray) -> np.ndarray:
    """Rank (n,) jets among control jets, each as the same classifiers score them.

    Args:
        odds: as `of_folds` gives them, (n,).
        chosen: of which folds, (n, `BAGS`).
        control: log odds of control jets by all classifiers, (c, `BAGS`, `FOLDS`).

    Returns:
        The share of control jets below, those that are equal by half (`rank`).
    """
    found = np.empty(len(odds))
    bags = np.arange(chosen.shape[1])
    number = chosen @ FOLDS**bags  # of each choice of folds, of which many jets have the same
    for one, first in zip(*np.unique(number, return_index=True), strict=True):
        here = number == one
        found[here] = rank(odds[here], control[:, bags, chosen[first]].sum(axis=1))
    return found


def learnt(scores: Mapping[str, np.ndarray], tests: Sequence[str]) -> dict[str, float | bool]:
    """Whether a tagger tells the tests from control at all: no score, but whether to trust it.

    Args:
        scores: as `tag` gives them.
        tests: names, all of them together.

    Returns:
        `auc`, the area under the ROC curve of tests against control; `significance`, the excess of
        the tests beyond the quantile `TAIL` of control in standard deviations; `collapsed`, whether
        that is below `SIGNIFICANT`.
    """
    control, pooled = scores[CONTROL], np.concatenate([scores[test] for test in tests])
    pairs = stats.mannwhitneyu(pooled, control).statistic
    beyond, expected = ((jets > TAIL).mean() for jets in (pooled, control))
    variance = expected * (1 - expected) * (1 / len(pooled) + 1 / len(control))
    significance = (beyond - expected) / np.sqrt(variance) / OVERDISPERSION if variance else 0.0
    return {
        "auc": float(pairs / len(pooled) / len(control)),
        "significance": float(significance),
        "collapsed": bool(significance < SIGNIFICANT),
    }


def compare_features(
    features: Mapping[str, np.ndarray],
    low: Mapping[str, np.ndarray],
    names: Sequence[str],
    tests: Sequence[str],
) -> list[dict[str, Any]]:
    """How well each feature alone tells each test from control.

    Args:
        features: by part, `normal_control` and the tests, (n, d).
        low: which of those jets score low, bool (n,).
        names: of the features (d,).
        tests: which parts are tests.

    Returns:
        A row per test and feature: `test, feature, auc`, above 1/2 where the test has more of it,
        and `auc_low`, the same among low-score jets alone, which are background: what differs there
        the simulation or the normal sample does not describe.
    """
    rows = []
    for test in tests:
        for column, name in enumerate(names):
            row: dict[str, Any] = {"test": test, "feature": name}
            for key, chosen in (("auc", None), ("auc_low", low)):
                jets, control = (
                    features[part][:, column][... if chosen is None else chosen[part]]
                    for part in (test, CONTROL)
                )
                if len(jets) and len(control):
                    statistic = stats.mannwhitneyu(jets, control).statistic
                    row[key] = float(statistic / len(jets) / len(control))
                else:
                    row[key] = np.nan
            rows.append(row)
    return rows


def folds(number: int, rng: np.random.Generator) -> np.ndarray:
    """A fold (number,) of each at random, all folds of about the same size."""
    return rng.permutation(number) % FOLDS


def classifiers(
    normal: Reference, test: np.ndarray, rng: np.random.Generator
) -> tuple[Trees, Linear]:
    """Train on normal jets and features (n, d) of a test what gives log odds of the test.

    The fixed sum of both kinds needs no label, nor a look at the test's scores that could favour
    test over control.
    """
    jets = np.concatenate([normal.jets, test])
    of_test = np.repeat([0, 1], [len(normal.jets), len(test)])
    some = rng.permutation(jets.shape[1])[: (jets.shape[1] + 1) // 2]
    trees = HistGradientBoostingClassifier(**TREES, random_state=int(rng.integers(2**31)))
    trees.fit(jets[:, some], of_test)
    linear = LogisticRegression(C=STRENGTH, max_iter=1000)
    linear.fit(np.concatenate([normal.own, normal.ranks(test)]), of_test)
    return Trees(some, trees), Linear(normal, linear)
