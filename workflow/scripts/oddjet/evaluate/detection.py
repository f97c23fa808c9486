"""How well a score separates jets whose truth is known, and what else it follows."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import roc_auc_score, roc_curve

from oddjet.common.histograms import count, quantile_edges
from oddjet.estimate import feature_files
from oddjet.evaluate.truth import grouped, labelled

# of a raw jet: correlations with these are listed
FOLLOWED = ("mass", "lit_pixels", "pt")
MASS_BINS = 20  # with equally many normal jets
POINTS = 500  # of a ROC curve


def read_followed(
    normal: str | Path, tests: Mapping[str, str | Path]
) -> dict[str, dict[str, np.ndarray]]:
    """Read from prepared samples the quantities of `FOLLOWED`, by name and sample part, (N,)."""
    parts = feature_files.read_parts(normal, tests, FOLLOWED)
    return {
        name: {part: values[:, column] for part, values in parts.items()}
        for column, name in enumerate(FOLLOWED)
    }


def tables(
    scores: Mapping[str, Mapping[Any, Mapping[str, np.ndarray]]],
    truths: Mapping[str, np.ndarray],
    quantities: Mapping[str, Mapping[str, np.ndarray]],
    max_fpr: float,
) -> dict[str, pd.DataFrame]:
    """What truth says of scores: of each test, and of `all` of them where there are several.

    Args:
        scores: by name, seed and sample part, (N,).
        truths: labels by test, 0 normal and 1 anomalous, (N,).
        quantities: by name and sample part, (N,), as `read_followed` gives them.
        max_fpr: as of `detection`.

    Returns:
        `detection`: `score, seed, test, true_fraction`, the share of anomalous jets, and what
        `detection` and `followed` find.
        `roc`: `score, seed, test, tpr, fpr`, the points of the ROC curves as `curve` gives them.
    """
    rows, points = [], []
    for (name, seeds), (test, several) in product(scores.items(), grouped(truths).items()):
        share = np.concatenate(list(several.values())).mean()
        of_jets = {what: labelled(parts, several)[1] for what, parts in quantities.items()}
        for seed, parts in seeds.items():
            labels, score = labelled(parts, several)
            place = {"score": name, "seed": seed, "test": test}
            rows.append(
                place
                | {"true_fraction": share}
                | detection(labels, score, max_fpr)
                | followed(labels, score, of_jets, max_fpr)
            )
            points += [place | {"tpr": t, "fpr": f} for t, f in curve(labels, score)]
    columns = ("score", "seed", "test", "tpr", "fpr")
    return {"detection": pd.DataFrame(rows), "roc": pd.DataFrame(points, columns=columns)}


def curve(labels: np.ndarray, score: np.ndarray) -> np.ndarray:
    """The ROC curve, ascending, from the strictest cut on.

    Args:
        labels, score: as of `detection`.

    Returns:
        True and false positive rate (n, 2) of each cut, or of the strictest for every `1 / POINTS`
        of the efficiency if there are more, and the loosest; none where one class alone is present.
    """
    if len(np.unique(labels)) < 2:
        return np.empty((0, 2))
    fpr, tpr, _ = roc_curve(labels, score)
    if len(tpr) > POINTS:
        kept = np.searchsorted(tpr, np.linspace(0, 1, POINTS + 1))
        kept = np.unique(np.append(kept, len(tpr) - 1))  # the cut that all jets pass
        fpr, tpr = fpr[kept], tpr[kept]
    return np.stack([tpr, fpr], axis=1)


def detection(labels: np.ndarray, score: np.ndarray, max_fpr: float) -> dict[str, float]:
    """Figures of merit of an anomaly score.

    Args:
        labels: 0 normal, 1 anomalous, (N,).
        score: higher for more anomalous, (N,).
        max_fpr: false positive rate at which the efficiency is read off.

    Returns:
        `auc`, the area under the ROC curve, and `auc_p_value`, how often one this far below 0.5
        comes by chance; `tpr_at_max_fpr`; `rejection_at_30`, the background
        rejection 1/FPR at a signal efficiency of 30%. All are nan where one class alone is present.
    """
    if len(np.unique(labels)) < 2:
        names = ("auc", "tpr_at_max_fpr", "rejection_at_30", "auc_p_value")
        return dict.fromkeys(names, np.nan)
    fpr, tpr, _ = roc_curve(labels, score, drop_intermediate=False)
    fpr_at_30 = fpr[np.argmax(tpr >= 0.3)]
    normal, anomalous = score[labels == 0], score[labels == 1]
    return {
        "auc": float(roc_auc_score(labels, score)),
        "tpr_at_max_fpr": float(tpr[fpr <= max_fpr].max()),
        "rejection_at_30": float(1 / fpr_at_30) if fpr_at_30 > 0 else np.inf,
        "auc_p_value": float(stats.mannwhitneyu(anomalous, normal, alternative="less").pvalue),
    }


def followed(
    labels: np.ndarray,
    score: np.ndarray,
    quantities: Mapping[str, np.ndarray],
    max_fpr: float,
) -> dict[str, float]:
    """What a score follows among normal jets.

    A score that follows the mass leaves normal jets behind the cut that look like a resonance.

    Args:
        labels: 0 normal, 1 anomalous, (N,).
        score: higher for more anomalous, (N,).
        quantities: by name, (N,), `mass` among them.
        max_fpr: share of the normal jets that the cut lets pass.

    Returns:
        `NAME_correlation`, Spearman's, with each quantity, nan where either is constant;
        `mass_sculpting`, the Jensen-Shannon divergence, 0 to 1 (bits), of the mass behind the cut
        from that of all normal jets.
    """
    normal = labels == 0
    found = {
        f"{name}_correlation": _correlation(score[normal], values[normal])
        for name, values in quantities.items()
    }
    mass = quantities["mass"][normal]
    passed = score[normal] > np.quantile(score[normal], 1 - max_fpr) if normal.any() else normal
    if not passed.any():
        return found | {"mass_sculpting": np.nan}
    edges = quantile_edges(mass, MASS_BINS)
    before, behind = count(mass, edges), count(mass[passed], edges)
    return found | {"mass_sculpting": float(jensenshannon(before, behind, base=2) ** 2)}


def _correlation(score: np.ndarray, values: np.ndarray) -> float:
    if len(score) < 2 or np.ptp(score) == 0 or np.ptp(values) == 0:
        return np.nan
    return float(stats.spearmanr(score, values).statistic)
