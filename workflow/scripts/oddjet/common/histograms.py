"""Scores as counts in bins that hold about equally many jets."""

import numpy as np


def quantile_edges(control: np.ndarray, bins: int) -> np.ndarray:
    """Inner edges of bins with about equally many control scores (N,); ties make fewer bins."""
    return np.unique(np.quantile(control, np.arange(1, bins) / bins, method="inverted_cdf"))


def count(scores: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Events (bins,) between inner edges; a score on an edge belongs below it."""
    return np.bincount(np.searchsorted(edges, scores, side="left"), minlength=len(edges) + 1)
