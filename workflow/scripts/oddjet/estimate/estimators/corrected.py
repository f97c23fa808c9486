"""The share of jets above the cut, false positives taken off."""

from oddjet.estimate.cuts import corrected
from oddjet.estimate.given import Estimate, Given, percentiles


def estimate(given: Given) -> dict[str, Estimate]:
    """The fraction of each test, if every anomalous jet passed the cut."""
    found = {}
    for test, scores in given.tests.items():
        observed, fpr, share = given.above_cut(scores)
        at = percentiles(corrected(observed, given.cut.fpr), corrected(share, fpr))
        found[test] = Estimate(at, given.cut)
    return found
