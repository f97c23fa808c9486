"""Whether a fraction falls as its anchor grows: then anomalous jets score as low."""

import numpy as np
from scipy import special

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample


def check(sample: Sample, test: str) -> dict[str, float]:
    """`falls` for the anchor of a test and of control."""
    return falls(*(sample.scores[part][sample.low[part]] for part in (test, CONTROL)))


def falls(test: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Whether the upper half of the anchor has more of the test than its lower half.

    The fraction is 1 - M(A) / B(A). That of the lower half and that of the whole anchor share their
    jets; the jets of the two halves are independent, and the one falls behind the other if and only
    if the test's share of the upper half is too large: the number of its jets there follows a
    hypergeometric distribution, here by its normal approximation, if both samples are alike.

    Args:
        test, control: scores (m,) and (n,) below the anchor's edge.

    Returns:
        `statistic`, the excess in the upper half in standard deviations, and the one-sided
        `p_value`; nan for fewer than 20 jets.
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    middle = np.median(control)
    above, all_above = ((part > middle).sum() for part in (test, np.append(test, control)))
    total = len(test) + len(control)
    share = all_above / total
    expected = len(test) * share
    variance = expected * (1 - share) * len(control) / (total - 1)
    statistic = (above - expected) / np.sqrt(variance) if variance else 0.0
    return {"statistic": float(statistic), "p_value": float(special.ndtr(-statistic))}
