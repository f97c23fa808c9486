"""What the anomalous jets look like: the excess of a test over its background, without labels.

A test is M = (1 - f) B + f T, so that T = (M - (1 - f) B) / f in every bin of every quantity. Where
the normal sample B holds anomalous jets itself, f is the fraction relative to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, special  # scipy.signal and stats take as long again to import

from oddjet.estimate import contaminated

BINS = 40  # fine enough for the mass peak of W jets
INSIDE = (0.005, 0.995)  # quantiles of test and control between which the bins lie
LEAST_BINS = 3  # in a peak, for the three numbers of a normal density
NARROWEST = 0.3  # of a bin: what is narrower, the bins do not say
CLEAR = 4.0  # standard deviations of a content that is not chance in the best of many regions
LEAST = 2.0  # standard deviations by which a fraction must be above zero, to divide by it


@dataclass(frozen=True)
class Fraction:
    """The fraction of a test, relative to the normal sample.

    Attributes:
        value: of the fraction.
        statistical, systematic: the standard deviations that make the total interval.
        overdispersion: as of `Given`.
    """

    value: float
    statistical: float
    systematic: float
    overdispersion: float = 1.0

    @classmethod
    def beside(
        cls,
        contamination: float,
        ends: Sequence[float],
        reach: float,
        systematic: float = 0.0,
        overdispersion: float = 1.0,
    ) -> "Fraction":
        """Of all jets, where the normal sample holds a share of anomalous jets itself.

        Args:
            contamination: that share.
            ends: the fraction, and the lower and the upper end of its interval.
            reach: standard deviations that the interval has on either side.
            systematic: one of them.
            overdispersion: as of `Given`.
        """
        value, low, high = (contaminated.relative(end, contamination) for end in ends)
        systematic /= 1 - contamination
        return cls(value, (high - low) / 2 / reach, systematic, overdispersion)

    @property
    def is_seen(self) -> bool:
        return self.value > LEAST * self.statistical


def edges_of(samples: Iterable[np.ndarray]) -> np.ndarray:
    """Edges (`BINS` + 1, d) of all quantities, for samples (n, d) of control and all tests.

    Quantiles of each sample: in those of all jets together the jets of a small test, anomalous ones
    among them, would lie beyond the last edge.
    """
    ends = np.array([np.quantile(sample, INSIDE, axis=0) for sample in samples])
    return np.linspace(ends[:, 0].min(axis=0), ends[:, 1].max(axis=0), BINS + 1)


def tabulate(
    test: np.ndarray,
    control: np.ndarray,
    low: Mapping[str, np.ndarray],
    names: Sequence[str],
    fraction: Fraction,
    edges: np.ndarray,
) -> list[dict]:
    """The distribution of the excess in each quantity.

    Uncertainties are those of the counts of both samples, of the fraction, and of their
    correlation: a jet counts in its bin and, if its score is low, in the anchor that the fraction
    is found with. By its influence on the result (Hampel, J. Am. Stat. Assoc. 69 (1974) 383) each
    jet contributes to the variance. The fraction is taken as 1 - M(A) / B(A), to which a common fit
    adds little. Its systematic uncertainty is added in quadrature.

    Args:
        test, control: quantities (m, d) and (n, d).
        low: which of the jets `test` (m,) and `control` (n,) lie in the anchor.
        names: of the quantities (d,).
        fraction: of the test.
        edges: as of `edges_of`.

    Returns:
        A row per quantity and bin: `quantity, low_edge, high_edge, density, uncertainty`; nothing
        for a fraction that is not clearly above zero.
    """
    rows: list[dict] = []
    if not fraction.is_seen:
        return rows
    for column, name in enumerate(names):
        here = edges[:, column]
        if here[0] == here[-1]:
            continue  # the same for all jets
        density, uncertainty = _excess(test[:, column], control[:, column], low, here, fraction)
        rows += [
            {
                "quantity": name,
                "low_edge": here[number],
                "high_edge": here[number + 1],
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
    variance = (slope * fraction.systematic) ** 2
    for name, (of_bin, of_anchor) in moves.items():
        mean = of_bin * shares[name] + of_anchor * anchored[name]
        square = (
            of_bin**2 * shares[name]
            + of_anchor**2 * anchored[name]
            + 2 * of_bin * of_anchor * in_both[name]
        )
        variance = variance + (square - mean**2) / len({"test": test, "control": control}[name])
    # the number of a test's jets in the anchor fluctuates more than that of independent ones
    of_number = anchored["test"] * (1 - anchored["test"]) / len(test)
    more = fraction.overdispersion**2 - 1
    variance = variance + more * moves["test"][1] ** 2 * of_number
    # where there is no jet there is room for one
    least = ((shares["test"] + shares["control"]) == 0) / (f * len(test)) ** 2
    width = np.diff(edges)
    return signal / width, np.sqrt(np.maximum(variance, least)) / width


def mean_image(
    test: "Images", control: "Images", fraction: float, deviation: float
) -> tuple[np.ndarray, np.ndarray]:
    """The mean image of the excess and its standard deviation, both as the images are.

    Args:
        test, control: their images.
        fraction, deviation: of the test, its total interval included.
    """
    excess = (test.mean - (1 - fraction) * control.mean) / fraction
    variance = test.variance + (1 - fraction) ** 2 * control.variance
    variance = variance + ((control.mean - excess) * deviation) ** 2
    return excess, np.sqrt(variance) / fraction


@dataclass(frozen=True)
class Images:
    """The mean image of a sample and the variance of this mean, of each pixel."""

    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, pieces: Iterable[np.ndarray]) -> "Images":
        """Of images (n, ...), piece by piece."""
        number, total, squares = 0, 0.0, 0.0
        for piece in pieces:
            number += len(piece)
            total = total + piece.sum(axis=0, dtype=np.float64)
            squares = squares + (piece.astype(np.float64) ** 2).sum(axis=0)
        mean = np.asarray(total) / number
        return cls(mean, (np.asarray(squares) / number - mean**2) / number)


def peaks(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Where the mass of the excess of each test peaks.

    Args:
        table: as `tabulate` gives the rows, with the column `test`.

    Yields:
        A row per test and peak: `test, quantity, peak, uncertainty, width, share`, as of
        `peaks_of`; one row of nan for a test without any.
    """
    for test, rows in table[table.quantity == "mass"].groupby("test", sort=False):
        edges = np.append(rows.low_edge, rows.high_edge.iloc[-1])
        found = peaks_of(edges, rows.density.to_numpy(), rows.uncertainty.to_numpy())
        for peak in found or [Peak()]:
            yield {"test": test, "quantity": "mass"} | asdict(peak)


@dataclass(frozen=True)
class Peak:
    """A normal density: position `peak` with its uncertainty, standard deviation `width`, area."""

    peak: float = np.nan
    uncertainty: float = np.nan
    width: float = np.nan
    share: float = np.nan


def peaks_of(edges: np.ndarray, density: np.ndarray, uncertainty: np.ndarray) -> list[Peak]:
    """The peaks of a density in bins, in ascending order.

    To each local maximum belong the bins about it that are above a third of it and hang together.
    From the highest on, where no higher peak has any of them, a normal density is fitted to them
    and the two beside them: the anomalous jets must be somewhere. A further peak must have a
    content of `CLEAR` standard deviations.

    Args:
        edges: (bins + 1,).
        density, uncertainty: (bins,).
    """
    found: list[Peak] = []
    free, widths = np.ones(len(density), bool), np.diff(edges)
    beside = np.pad(density, 1)
    maxima = np.flatnonzero((density > beside[:-2]) & (density > beside[2:]))
    for highest in maxima[np.argsort(-density[maxima])]:
        above = density > density[highest] / 3
        first = highest - int(np.argmin(np.append(above[highest::-1], False))) + 1
        last = highest + int(np.argmin(np.append(above[highest:], False)))
        here = slice(first, last)
        content, deviation = density[here] * widths[here], uncertainty[here] * widths[here]
        clear = content.sum() > CLEAR * np.linalg.norm(deviation)
        if (found and not clear) or not free[here].all():
            continue
        around = slice(max(first - 1, 0), last + 1)
        ends = edges[around.start : last + 2]
        peak = _fitted(ends, density[around], uncertainty[around], edges[highest : highest + 2])
        if peak:
            found.append(peak)
            free[here] = False
    return sorted(found, key=lambda peak: peak.peak)


def _fitted(
    edges: np.ndarray, density: np.ndarray, uncertainty: np.ndarray, highest: np.ndarray
) -> Peak | None:
    """A normal density in bins; None where nothing says where it lies within a quarter of them."""
    if len(density) < LEAST_BINS or not (uncertainty > 0).all():
        return None

    def shape(_: np.ndarray, place: float, width: float, area: float) -> np.ndarray:
        return area * np.diff(special.ndtr((edges - place) / width)) / np.diff(edges)

    span = edges[-1] - edges[0]
    narrowest = NARROWEST * (highest[1] - highest[0])
    try:
        values, covariance = optimize.curve_fit(
            *(shape, edges[:-1], density, (highest.mean(), span / 4, 1.0)),
            sigma=uncertainty,
            absolute_sigma=True,
            bounds=((edges[0], narrowest, 0.0), (edges[-1], span, np.inf)),
        )
    except RuntimeError:  # it found no end
        return None
    deviation = np.sqrt(covariance[0, 0])
    # without any area nothing is uncertain about the place
    return Peak(values[0], deviation, *values[1:]) if 0 < deviation < span / 4 else None


def agreement(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Whether the excesses of two tests look alike, as those of the same anomalous jets do.

    The control jets of both are the same, which makes the difference a little smaller than is
    reckoned with here: p-values are large rather than small.

    Args:
        table: as of `peaks`.

    Yields:
        A row per pair and quantity: `test, other, quantity, chi2, dof, p_value`.
    """
    for test, other in combinations(table.test.unique(), 2):
        keys = ["quantity", "low_edge"]
        both = table[table.test == test].merge(table[table.test == other], on=keys, sort=False)
        variance = both.uncertainty_x**2 + both.uncertainty_y**2
        both["chi2"] = (both.density_x - both.density_y) ** 2 / variance.where(variance > 0)
        for quantity, rows in both.groupby("quantity", sort=False):
            chi2, dof = rows.chi2.sum(), int(rows.chi2.notna().sum())
            yield {
                **{"test": test, "other": other, "quantity": quantity, "chi2": chi2, "dof": dof},
                "p_value": float(special.chdtrc(dof, chi2)),
            }
