"""Gaussian-mixture clusters in latent space, and how well they agree with labels."""

from collections.abc import Mapping

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def find_clusters(
    latents: Mapping[str, np.ndarray], errors: Mapping[str, np.ndarray], components: int, seed: int
) -> dict[str, np.ndarray]:
    """Fit a Gaussian mixture to the standardised latents of all tests together.

    Args:
        latents: by test, (N, d).
        errors: by test, (N,); components are numbered by their mean error, the lowest 0.
        components: of the mixture.
        seed: of its starting points; the best of three is kept.

    Returns:
        By test, the component (N,) int of each event.
    """
    mixture = make_pipeline(
        StandardScaler(), GaussianMixture(components, n_init=3, random_state=seed)
    )
    found = mixture.fit_predict(np.concatenate(list(latents.values())).astype(np.float64))
    error = np.concatenate([errors[test] for test in latents])
    means = [error[found == c].mean() if (found == c).any() else np.inf for c in range(components)]
    numbered = np.argsort(np.argsort(means))[found]
    ends = np.cumsum([len(latent) for latent in latents.values()])
    return dict(zip(latents, np.split(numbered, ends[:-1]), strict=True))


def purity(clusters: np.ndarray, labels: np.ndarray) -> float:
    """Share of events whose label is the most frequent one in their cluster.

    Never below the share of the more frequent label, which is why that stands beside it
    (Manning, Raghavan, Schuetze, Introduction to Information Retrieval, eq. 16.1).
    """
    return float(contingency_matrix(labels, clusters).max(axis=0).sum() / len(labels))


def majority(labels: np.ndarray) -> float:
    """Share of the more frequent of two labels, given as 0 and 1 or as bool."""
    return float(max(np.mean(labels), 1 - np.mean(labels)))


def agreement(
    clusters: np.ndarray, labels: np.ndarray, replicas: int, confidence: float
) -> dict[str, float]:
    """Purity, its majority baseline, adjusted Rand index and adjusted mutual information.

    Args:
        clusters: component of each event (N,).
        labels: 0 or 1 of each event (N,).
        replicas: bootstrap over events, for the `_low` and `_high` of each measure.
        confidence: of those intervals.
    """
    measures = {
        "purity": purity,
        "ari": lambda c, t: adjusted_rand_score(t, c),
        "ami": lambda c, t: adjusted_mutual_info_score(t, c),
    }
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(labels), size=(replicas, len(labels)))
    row = {"majority_baseline": majority(labels)}
    outside = [50 * (1 - confidence), 50 * (1 + confidence)]
    for name, measure in measures.items():
        row[name] = measure(clusters, labels)
        low, high = np.percentile([measure(clusters[i], labels[i]) for i in drawn], outside)
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row
