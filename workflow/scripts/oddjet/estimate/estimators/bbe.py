"""Best bin estimation on the anomaly score."""

from oddjet.estimate import best_bin
from oddjet.estimate.given import Estimate, Given


def estimate(given: Given) -> dict[str, Estimate]:
    """The fraction of each test by itself."""
    return {
        test: Estimate(best_bin.interval(given.control, scores, given.bootstrap))
        for test, scores in given.tests.items()
    }
