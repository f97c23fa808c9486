"""Replicas of a bootstrap by counts, and by copying events."""

import time
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from oddjet.estimate.cuts import allowed_false_positives, bootstrap_rates
from oddjet.estimate.purity import agreement

EVENTS, CONTROL = 3000, 6000
REPLICAS = 1000  # of the agreement of clusters and labels


def copied(
    control: np.ndarray, test: np.ndarray, allowed: int, replicas: int, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """The plain loop: draw events with replacement, choose the cut, count what passes."""
    rates = []
    for _ in range(replicas):
        drawn = np.sort(rng.choice(control, len(control)))
        threshold = drawn[len(drawn) - 1 - allowed]
        rates.append(
            (
                float((drawn > threshold).mean()),
                float((rng.choice(test, len(test)) > threshold).mean()),
            )
        )
    return rates


def of_rates(replicas: int, few: int) -> dict[str, Any]:
    """The row of the false positive rate and the share above the cut; the loop has few replicas."""
    rng = np.random.default_rng(0)
    control, test = rng.exponential(size=CONTROL), rng.exponential(1.5, size=EVENTS)
    allowed = allowed_false_positives(CONTROL, 0.1, 0.95)
    started = time.monotonic()
    fast = bootstrap_rates(control, test, allowed, replicas, rng)
    ours = time.monotonic() - started
    started = time.monotonic()
    slow = np.array(copied(control, test, allowed, few, rng)).T
    theirs = (time.monotonic() - started) * replicas / few
    started = time.monotonic()
    rng.beta(allowed, CONTROL - allowed, replicas)
    rng.binomial(CONTROL, rng.random(replicas))
    rng.binomial(EVENTS, rng.random(replicas))
    drawn = time.monotonic() - started
    spread = fast[1].std() / slow[1].std()
    return {
        "what": f"{replicas:,} replicas of {EVENTS:,} test and {CONTROL:,} control jets",
        "alternative": f"{theirs:.1f} s, copied events ({few} replicas, scaled)",
        "oddjet": f"{ours:.3f} s (spread of the share {spread:.2f} times that of the loop)",
        "ratio": theirs / ours,
        "floor": f"{drawn:.4f} s, the random numbers alone",
    }


def of_agreement(few: int) -> dict[str, Any]:
    """The row of the agreement of clusters and labels; the loop has few replicas."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=EVENTS)
    clusters = np.where(rng.random(EVENTS) < 0.8, labels, 1 - labels)
    started = time.monotonic()
    found = agreement(clusters, labels, REPLICAS, 0.68)
    ours = time.monotonic() - started
    started = time.monotonic()
    others = []
    for _ in range(few):
        drawn = rng.integers(EVENTS, size=EVENTS)
        pair = labels[drawn], clusters[drawn]
        others.append((adjusted_rand_score(*pair), adjusted_mutual_info_score(*pair)))
    theirs = (time.monotonic() - started) * REPLICAS / few
    low, high = np.percentile([rand for rand, _ in others], [16, 84])
    width = (found["ari_high"] - found["ari_low"]) / (high - low)
    return {
        "what": f"{REPLICAS:,} replicas of the agreement of {EVENTS:,} clusters and labels",
        "alternative": f"{theirs:.1f} s, scikit-learn on copied events ({few} replicas, scaled)",
        "oddjet": f"{ours:.2f} s (interval {width:.2f} times as wide as that of the loop)",
        "ratio": theirs / ours,
    }


def measure(replicas: int = 10_000, few: int = 500) -> list[dict[str, Any]]:
    """Rows of the table: replicas by counts, the loops on `few` of them."""
    return [of_rates(replicas, few), of_agreement(few)]
