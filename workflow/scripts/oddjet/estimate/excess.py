"""What the anomalous jets look like: the excess of a test over its background, without labels.

A test is M = (1 - f) B + f T, so that T = (M - (1 - f) B) / f in every bin of every quantity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 20
INSIDE = (0.005, 0.995)  # quantiles of test and control between which the bins lie
LEAST = 2.0  # standard deviations by which a fraction must be above zero, to divide by it


@dataclass(frozen=True)
class Fraction:
    """The fraction of a test: its value, and the standard deviations of the total interval."""

    value: float
    statistical: float
    overlap: float

    @property
    def is_seen(self) -> bool:
        return self.value > LEAST * self.statistical


def tabulate(
    test: np.ndarray,
    control: np.ndarray,
    low: Mapping[str, np.ndarray],
    names: Sequence[str],
    fraction: Fraction,
    scale: Mapping[str, float],
) -> list[dict]:
    """The distribution of the excess in each quantity.

    Uncertainties are those of the counts of both samples, of the fraction, and of their
    correlation: a jet counts in its bin and, if its score is low, in the anchor that the fraction
    is found with. By its influence on the result (Hampel, J. Am. Stat. Assoc. 69 (1974) 383) each
    jet contributes to the variance. The fraction is taken as 1 - M(A) / B(A), to which a common fit
    adds little. What anomalous jets in the anchor could do to it is added in quadrature.

    Args:
        test, control: quantities (m, d) and (n, d).
        low: which of the jets `test` (m,) and `control` (n,) lie in the anchor.
        names: of the quantities (d,).
        fraction: of the test.
        scale: by name, what a quantity is multiplied by.

    Returns:
        A row per quantity and bin: `quantity, low_edge, high_edge, density, uncertainty`; nothing
        for a fraction that is not clearly above zero.
    """
    rows: list[dict] = []
    if not fraction.is_seen:
        return rows
    for column, name in enumerate(names):
        factor = scale.get(name, 1.0)
        jets, background = test[:, column] * factor, control[:, column] * factor
        both = np.concatenate([jets, background])
        first, last = np.quantile(both, INSIDE)
        edges = np.linspace(first, last, BINS + 1)
        if edges[0] == edges[-1]:
            continue  # the same for all jets
        density, uncertainty = _excess(jets, background, low, edges, fraction)
        rows += [
            {
                "quantity": name,
                "low_edge": edges[number],
                "high_edge": edges[number + 1],
                "density": density[number],
                "uncertainty": uncertainty[number],
            }
            for number in range(BINS)
        ]
    return rows


def _excess(
    test: np.ndarray,
    control: np.ndarray,
    low: Mapping[str, np.ndarray],
    edges: np.ndarray,
    fraction: Fraction,
) -> tuple[np.ndarray, np.ndarray]:
    """Density (bins,) of the excess and its uncertainty."""
    f = fraction.value
    shares, anchored, in_both = {}, {}, {}
    for name, values in (("test", test), ("control", control)):
        shares[name] = np.histogram(values, edges)[0] / len(values)
        anchored[name] = low[name].mean()
        in_both[name] = np.histogram(values[low[name]], edges)[0] / len(values)
    signal = (shares["test"] - (1 - f) * shares["control"]) / f
    slope = (shares["control"] - signal) / f  # of the excess with the fraction
    background = max(anchored["control"], 1 / len(control))
    # how a jet in the bin, and one in the anchor, move the excess
    moves = {
        "test": (1 / f, -slope / background),
        "control": (-(1 - f) / f, slope * anchored["test"] / background**2),
    }
    variance = (slope * fraction.overlap) ** 2
    for name, (of_bin, of_anchor) in moves.items():
        mean = of_bin * shares[name] + of_anchor * anchored[name]
        square = (
            of_bin**2 * shares[name]
            + of_anchor**2 * anchored[name]
            + 2 * of_bin * of_anchor * in_both[name]
        )
        variance = variance + (square - mean**2) / len({"test": test, "control": control}[name])
    width = np.diff(edges)
    return signal / width, np.sqrt(variance) / width
