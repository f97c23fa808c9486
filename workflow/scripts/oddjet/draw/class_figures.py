"""Normal and anomalous jets beside each other, where truth is given."""

from collections.abc import Mapping, Sequence
from typing import Any

import mplhep
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from oddjet.common.parts import CONTROL, label
from oddjet.draw import style
from oddjet.draw.score_figures import POINTS, axis_name, second

CLASSES = ("normal", "anomalous")  # by their label
MARKED: dict[str, dict[str, Any]] = {
    "normal": {"color": style.colour(0), "linestyle": "-"},
    "anomalous": {"color": style.colour(1), "linestyle": "--"},
}
# of the features, those that are shown, and what they are called
QUANTITIES = {"pt": "$p_T$", "mass": "mass", "lit_pixels": "lit pixels", "width": "width"}
BINS = 40  # at most
OUTSIDE = 0.001  # share of the jets beyond either end of an axis


def by_class(labels: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
    """Values (N, ...) by class, of the classes that there are; labels (N,) 0 and 1."""
    found = {name: values[labels == label] for label, name in enumerate(CLASSES)}
    return {name: some for name, some in found.items() if len(some)}


def units(momentum: str, length: str) -> dict[str, str]:
    """The units of `QUANTITIES`, of which the mass is momentum times angle; empty for a number."""
    mass = momentum if length == "rad" else rf"{momentum} $\times$ {length}"
    return {"pt": momentum, "mass": mass, "lit_pixels": "", "width": length}


def quantities(values: Mapping[str, Mapping[str, np.ndarray]], units: Mapping[str, str]) -> Figure:
    """Distributions of jet quantities by class, with those of the control jets.

    Args:
        values: by name of `QUANTITIES` and by class or `CONTROL`, (N,).
        units: of each quantity.
    """
    figure, grid = plt.subplots(2, 2, figsize=(11.5, 8.5))
    for axes, (name, parts) in zip(grid.flat, values.items(), strict=True):
        edges = _edges(list(parts.values()), whole=name == "lit_pixels")
        for part, some in parts.items():
            counts = np.histogram(some, edges)[0]
            share, error = counts / len(some), np.sqrt(counts) / len(some)
            if part == CONTROL:
                share[counts == 0] = np.nan
                look = {"histtype": "errorbar", "yerr": error, "color": "black", "markersize": 4}
            else:
                look = MARKED[part]
            mplhep.histplot(share, edges, ax=axes, label=style.plain(label(part)), **look)
        unit = f" [{units[name]}]" if units[name] else ""
        axes.set(xlabel=QUANTITIES[name] + unit, xlim=(edges[0], edges[-1]), ylim=(0, None))
    for axes in grid[:, 0]:
        axes.set_ylabel("share of jets per bin")
    style.legend_below(figure)
    return figure


def _edges(parts: Sequence[np.ndarray], whole: bool) -> np.ndarray:
    """Bins that hold all but a few of the jets, and a margin; each as many whole numbers."""
    low, high = np.quantile(np.concatenate(parts), [OUTSIDE, 1 - OUTSIDE])
    if high - low <= 1e-3 * abs(high):  # all the same, but for rounding
        reach = 0.05 * abs(high) or 1.0
        low, high = low - reach, high + reach
    bins = max(10, min(BINS, round(np.sqrt(min(len(part) for part in parts)))))
    step = (high - low) / bins
    if whole:
        low, step = np.floor(low) - 0.5, max(1, np.ceil(step))
    return low + step * np.arange(-1, np.ceil((high - low) / step) + 2)


def plane(shares: Sequence[float], parts: Mapping[str, np.ndarray]) -> Figure:
    """A plane of principal components by class.

    Args:
        shares: of the variance, that each component explains.
        parts: by class, coordinates (N, components).
    """
    figure, axes = plt.subplots()
    _scatter(axes, parts)
    axes.set(xlabel=axis_name(shares, 0), ylabel=axis_name(shares, 1))
    axes.legend()
    return figure


def planes(found: Mapping[str, tuple[Sequence[float], Mapping[str, np.ndarray]]]) -> Figure:
    """Several planes beside each other, each as `plane` takes it, by their titles."""
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(5.2 * columns, 4.7 * rows + 0.4), squeeze=False
    )
    for axes in grid.flat[len(found) :]:
        axes.axis("off")
    for axes, (title, (shares, parts)) in zip(grid.flat, found.items(), strict=False):
        _scatter(axes, parts)
        axes.set(xlabel=axis_name(shares, 0), ylabel=axis_name(shares, 1), title=title)
    style.legend_below(figure)
    return figure


def _scatter(axes: Axes, parts: Mapping[str, np.ndarray]) -> None:
    """Equally many jets of each class at most, in any order, so that none hides the other."""
    few = {name: points[:POINTS] for name, points in parts.items()}
    points = np.concatenate(list(few.values()))
    colours = np.repeat(
        [MARKED[name]["color"] for name in few], [len(some) for some in few.values()]
    )
    order = np.random.default_rng(0).permutation(len(points))
    axes.scatter(
        *(points[order, 0], second(points)[order]),
        s=7,
        alpha=0.45,
        linewidths=0,
        c=colours[order],
    )
    for name in few:
        axes.scatter([], [], s=50, color=MARKED[name]["color"], label=name)
