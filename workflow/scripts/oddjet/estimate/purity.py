"""How well clusters agree with labels."""

import numpy as np
from scipy import special
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information


def purity(tables: np.ndarray) -> np.ndarray:
    """Share of events whose label is the most frequent one in their cluster.

    Never below the share of the more frequent label, which is why that stands beside it
    (Manning, Raghavan, Schuetze, Introduction to Information Retrieval, eq. 16.1).

    Args:
        tables: counts (n, clusters, labels) of events.

    Returns:
        Of each table, (n,).
    """
    return tables.max(2).sum(1) / tables.sum((1, 2))


def adjusted_rand(tables: np.ndarray) -> np.ndarray:
    """Adjusted Rand index (Hubert and Arabie, J. Classification 2 (1985) 193, eq. 5).

    As `adjusted_rand_score` of scikit-learn, for many tables at once: arguments as of `purity`.
    """

    def pairs(counts: np.ndarray) -> np.ndarray:
        return (counts * (counts - 1) / 2).reshape(len(tables), -1).sum(1)

    together = pairs(tables)
    by_cluster, by_label = pairs(tables.sum(2)), pairs(tables.sum(1))
    expected = by_cluster * by_label / pairs(tables.sum((1, 2)))
    return _of_largest(together, expected, (by_cluster + by_label) / 2)


def adjusted_mutual_information(tables: np.ndarray) -> np.ndarray:
    """Adjusted mutual information (Vinh, Epps, Bailey, JMLR 11 (2010) 2837), arithmetic mean.

    As `adjusted_mutual_info_score` of scikit-learn, for many tables at once: arguments as of
    `purity`.
    """

    def entropy(counts: np.ndarray) -> np.ndarray:
        shares = counts.reshape(len(tables), -1) / tables.sum((1, 2))[:, None]
        return special.entr(shares).sum(1)

    by_cluster, by_label = entropy(tables.sum(2)), entropy(tables.sum(1))
    expected = [
        expected_mutual_information(table[table.any(1)][:, table.any(0)], table.sum())
        for table in tables
    ]
    mutual = by_cluster + by_label - entropy(tables)
    return _of_largest(mutual, np.array(expected), (by_cluster + by_label) / 2)


def _of_largest(found: np.ndarray, expected: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """What is found beyond that expected by chance; 1 if neither events nor labels are parted."""
    parted = largest > expected
    return np.where(parted, found - expected, 1) / np.where(parted, largest - expected, 1)


MEASURES = {
    "purity": purity,
    "ari": adjusted_rand,
    "ami": adjusted_mutual_information,
}


def agreement(
    clusters: np.ndarray, labels: np.ndarray, replicas: int, confidence: float
) -> dict[str, float]:
    """Purity, its majority baseline, adjusted Rand index and adjusted mutual information.

    Events drawn with replacement are counts drawn from a multinomial distribution, so that no
    replica copies events.

    Args:
        clusters: component of each event (N,).
        labels: 0 or 1 of each event (N,).
        replicas: bootstrap over events, for the `_low` and `_high` of each measure.
        confidence: of those intervals.
    """
    table = contingency_matrix(clusters, labels)
    drawn = np.random.default_rng(0).multinomial(table.sum(), table.ravel() / table.sum(), replicas)
    tables = np.concatenate([table[None], drawn.reshape(replicas, *table.shape)])
    row = {"majority_baseline": float(table.sum(0).max() / table.sum())}
    outside = [50 * (1 - confidence), 50 * (1 + confidence)]
    for name, measure in MEASURES.items():
        found, *others = measure(tables)
        low, high = np.percentile(others, outside)
        row |= {name: found, f"{name}_low": low, f"{name}_high": high}
    return row
