"""The supervised reference of the weak tagger: its classifiers, told the labels.

They learn from the jets that the tagger learns from: normal jets outside control, and the tests'.
What it has more is the labels, so that this is the most that the features and these classifiers
could give.
"""

import numpy as np

from oddjet.estimate.learnt_from import learnt_from
from oddjet.estimate.tagger import BAGS, FOLDS, Reference, classifiers, folds


def cross_fit(normal: np.ndarray, jets: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Score labelled jets by classifiers that have not learnt from them.

    Args:
        normal: features (n, d) of normal jets outside control.
        jets: features (m, d) of the labelled jets. Copies of a jet are kept in one fold.
        labels: 0 normal, 1 anomalous, (m,); of normal jets alone all scores are 0.
        seed: of the division into folds and the choice of features.

    Returns:
        The sum of the log odds (m,) over all classifiers.
    """
    rng = np.random.default_rng(seed)
    _, event = np.unique(jets, axis=0, return_inverse=True)
    score = np.zeros(len(jets))
    for _ in range(BAGS):
        fold_of = folds(event.max() + 1, rng)[event]
        for fold in range(FOLDS):
            here = fold_of == fold
            told, label = jets[~here], labels[~here]
            if not (label == 1).any():
                continue
            known = learnt_from(np.concatenate([normal, told[label == 0]]))
            for odds in classifiers(Reference(known), learnt_from(told[label == 1]), rng):
                score[here] += odds(jets[here])
    return score
