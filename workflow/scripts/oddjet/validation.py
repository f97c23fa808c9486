"""How well a score separates jets whose truth is known."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from oddjet.parts import CONTROL


def tabulate(
    scores: Mapping[Any, Mapping[str, np.ndarray]],
    truths: Mapping[str, np.ndarray],
    max_fpr: float,
) -> Iterator[dict[str, Any]]:
    """Yield a row for each test and each seed.

    Args:
        scores: by seed and sample part, (N,).
        truths: labels by test, 0 normal and 1 anomalous, (N,).
        max_fpr: as of `detection`.

    Yields:
        `seed, test, true_fraction`, the share of anomalous jets, and what `detection` finds.
    """
    for test, truth in truths.items():
        for seed, parts in scores.items():
            found = detection(*labelled(parts, test, truth), max_fpr)
            yield {"seed": seed, "test": test, "true_fraction": truth.mean()} | found


def labelled(
    parts: Mapping[str, np.ndarray], test: str, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of a test; of one that is all anomalous, with the control jets as normal.

    Args:
        parts: scores (N,) by sample part.
        test: its name.
        labels: its truth, 0 normal and 1 anomalous, (N,).
    """
    if labels.all():
        control = parts[CONTROL]
        labels = np.concatenate([labels, np.zeros(len(control), labels.dtype)])
        return labels, np.concatenate([parts[test], control])
    return labels, parts[test]


def detection(labels: np.ndarray, score: np.ndarray, max_fpr: float) -> dict[str, float]:
    """Figures of merit of an anomaly score.

    Args:
        labels: 0 normal, 1 anomalous, (N,).
        score: higher for more anomalous, (N,).
        max_fpr: false positive rate at which the efficiency is read off.

    Returns:
        `auc`, the area under the ROC curve; `tpr_at_max_fpr`; `rejection_at_30`, the background
        rejection 1/FPR at a signal efficiency of 30%. All are nan where one class alone is present.
    """
    if len(np.unique(labels)) < 2:
        return dict.fromkeys(("auc", "tpr_at_max_fpr", "rejection_at_30"), np.nan)
    fpr, tpr, _ = roc_curve(labels, score, drop_intermediate=False)
    fpr_at_30 = fpr[np.argmax(tpr >= 0.3)]
    return {
        "auc": float(roc_auc_score(labels, score)),
        "tpr_at_max_fpr": float(tpr[fpr <= max_fpr].max()),
        "rejection_at_30": float(1 / fpr_at_30) if fpr_at_30 > 0 else np.inf,
    }
