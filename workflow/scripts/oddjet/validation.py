"""How well a score separates jets whose truth is known."""

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve


def detection(labels: np.ndarray, score: np.ndarray, max_fpr: float) -> dict[str, float]:
    """Figures of merit of an anomaly score.

    Args:
        labels: 0 normal, 1 anomalous, (N,).
        score: higher for more anomalous, (N,).
        max_fpr: false positive rate at which the efficiency is read off.

    Returns:
        `true_fraction`, the share of anomalous jets; `auc`, the area under the ROC curve;
        `tpr_at_max_fpr`; `rejection_at_30`, the background rejection 1/FPR at a signal efficiency
        of 30%. The last three are nan where only one class is present.
    """
    share = {"true_fraction": float(labels.mean())}
    if len(np.unique(labels)) < 2:
        return share | dict.fromkeys(("auc", "tpr_at_max_fpr", "rejection_at_30"), np.nan)
    fpr, tpr, _ = roc_curve(labels, score, drop_intermediate=False)
    fpr_at_30 = fpr[np.argmax(tpr >= 0.3)]
    return share | {
        "auc": float(roc_auc_score(labels, score)),
        "tpr_at_max_fpr": float(tpr[fpr <= max_fpr].max()),
        "rejection_at_30": float(1 / fpr_at_30) if fpr_at_30 > 0 else np.inf,
    }
