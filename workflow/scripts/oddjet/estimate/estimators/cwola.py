"""Best bin estimation on the score of a classifier that tells a test from the other tests."""

from oddjet.common.parts import CONTROL
from oddjet.estimate import best_bin
from oddjet.estimate.given import Estimate, Given


def estimate(given: Given) -> dict[str, Estimate]:
    """The fraction of each test for which there is such a classifier."""
    return {
        test: Estimate(best_bin.interval(parts[CONTROL], parts[test], given.bootstrap))
        for test, parts in given.classified.get("cwola", {}).items()
    }
