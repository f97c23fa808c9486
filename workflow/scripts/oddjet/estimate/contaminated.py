"""Fractions beside a normal sample that holds anomalous jets itself, a share c of them.

What test and control show is the fraction r relative to the normal sample; of all jets f =
c + (1 - c) r are anomalous. Standard deviations of r are those of f divided by 1 - c.
"""


def of_all(relative: float, contamination: float) -> float:
    """The fraction f of all jets."""
    return contamination + (1 - contamination) * relative


def relative(fraction: float, contamination: float) -> float:
    """The fraction r relative to the normal sample."""
    return (fraction - contamination) / (1 - contamination)
