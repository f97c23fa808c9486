"""The share of jets above the cut."""

from oddjet.estimate.given import Estimate, Given, percentiles


def estimate(given: Given) -> dict[str, Estimate]:
    """The share of each test above the cut, false positives included."""
    found = {}
    for test, scores in given.tests.items():
        observed, _, share = given.above_cut(scores)
        found[test] = Estimate(percentiles(observed, share), given.cut)
    return found
