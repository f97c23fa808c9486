"""How far a fraction may be off because the tests' background is not quite that of normal jets.

No score tells a background with gently more jets where anomalous ones are from anomalous jets: how
well the normal sample describes it is for the user to say, from two generators or a sideband.
"""


def allowance(fraction: float, tilt: float, anchor: float) -> float:
    """How much lower and higher than a test's `fraction` its truth may lie.

    With a density 1 + a (2 u - 1) of the tests' background at the share u of normal jets that score
    lower, the anchor A holds the share A (1 - a (1 - A)) of it. So 1 - M(A) / B(A) reads
    f + (1 - f) a (1 - A). An estimator that leans on a smaller region of low scores than the anchor
    is off by more, by (1 - f) a at most.

    Args:
        tilt: the standard deviation of a.
        anchor: as of `joint`.
    """
    return abs(1 - fraction) * tilt * (1 - anchor)
