"""When a fraction is not to be trusted, whatever its interval says."""

import numpy as np

SURE = 0.95  # confidence with which an interval has to leave what is known, to contradict it

# What of the uncertainty budget is part of a total interval. The reach over estimators is not: they
# see the same jets, and each has a statistical uncertainty of its own.
SYSTEMATIC = ("overlap", "seeds", "contamination", "background")
# Standard deviations of an excess from which on it says what the anomalous jets look like. Where
# none is seen, the score may be blind to the anomaly.
VISIBLE = 4.0
# From which on a test is said to hold anomalous jets
ESTABLISHED = 3.0
# Jets of a test in the anchor from which on a background that is not that of control is seen there
LEAST_ANCHORED = 60
LEAST_P = 1e-300  # p-value: none is said to be less
# Share of its value by which a fraction may read low because of anomalous jets in the anchor
MOST_OVERLAP = 0.4
# Anomalous jets for each background jet in the anchor up to which what tells the jets there from
# control is another background, not the anomalous jets
CLEAN = 0.2


def untold(significance: float, overlap: float, anchored: int) -> str | None:
    """Why the scores of all tests do not tell how many anomalous jets there are in one.

    Args:
        significance: the largest of the tests.
        overlap: `Overlap.least` of all of them.
        anchored: jets of the test that score as low as the anchor.

    Returns:
        A sentence; None where they tell it.
    """
    if significance < VISIBLE:
        seen = np.floor(10 * significance) / 10  # never as many as are needed
        return f"no test has a visible excess ({seen:.1f} sigma at most, {VISIBLE:g} are needed)"
    if overlap > MOST_OVERLAP:
        return (
            "anomalous jets score as low as the anchor: the fraction reads low by "
            f"{100 * min(overlap, 1):.0f}% or more"
        )
    if anchored < LEAST_ANCHORED:
        return (
            f"only {anchored} jets score low, {LEAST_ANCHORED} are needed to check the background"
        )
    return None
