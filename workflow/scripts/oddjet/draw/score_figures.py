"""Anomaly scores, latent space and clusters of one training."""

from collections.abc import Mapping, Sequence

import mplhep
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.common.parts import CONTROL, TRAIN, label
from oddjet.draw import colours, style

LEAST_BINS, BINS = 20, 50  # one small test leaves those of the others
RANKS = np.linspace(0, 1, 26)  # bins of ranks
POINTS = 1500  # of a sample in a scatter plot


def edges_of(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Logarithmic bins that hold all but a few of the scores, fewer for fewer events."""
    positive = np.concatenate([part[part > 0] for part in parts])
    low, high = np.quantile(positive, [0.001, 0.999])
    bins = round(np.sqrt(min(len(part) for part in parts)))
    bins = max(LEAST_BINS, min(BINS, bins))
    return np.geomspace(low, max(high, 1.001 * low), bins + 1)


def histograms(
    parts: Mapping[str, np.ndarray], tests: Sequence[str], threshold: float, ranks: bool = False
) -> Figure:
    """Histograms of the anomaly score with the cut, and the ratio of each test to control.

    Args:
        parts: anomaly scores (N,) by sample part.
        tests: which of them are tests.
        threshold: the cut.
        ranks: whether the scores are mean ranks among control jets, 0 to 1.
    """
    edges = RANKS if ranks else edges_of([parts[CONTROL], *(parts[test] for test in tests)])
    figure, (upper, lower) = plt.subplots(2, sharex=True, figsize=(7.5, 7), height_ratios=[3, 1.3])

    def density(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts = np.histogram(values, edges)[0]
        return counts / len(values), np.sqrt(counts) / len(values)

    control, control_error = density(parts[CONTROL])
    for part, style_ in (
        (TRAIN, {"color": "grey", "linestyle": ":"}),
        (CONTROL, {"color": colours.CONTROL}),
    ):
        if part in parts:
            height, _ = density(parts[part])
            mplhep.histplot(height, edges, ax=upper, label=style.plain(label(part)), **style_)
    with np.errstate(divide="ignore", invalid="ignore"):
        for number, test in enumerate(tests):
            height, uncertainty = density(parts[test])
            mplhep.histplot(
                height, edges, ax=upper, label=style.plain(test), color=style.colour(number)
            )
            mplhep.histplot(
                np.where(control > 0, height / control, np.nan),
                edges,
                yerr=np.where(control > 0, uncertainty / control, np.nan),
                histtype="errorbar",
                markersize=4,
                ax=lower,
                color=style.colour(number),
            )
        spread = np.where(control > 0, control_error / control, 0)
    lower.stairs(1 + spread, edges, baseline=1 - spread, fill=True, color="lightgrey", zorder=0)
    lower.axhline(1, color="black", linewidth=1)
    for axes in (upper, lower):
        axes.axvline(threshold, color="black", linestyle="--")
    upper.text(
        *(threshold, 0.98, "cut " if ranks else " cut"),
        transform=upper.get_xaxis_transform(),
        **{"va": "top", "ha": "right" if ranks else "left", "fontsize": 12},
    )
    upper.set(ylabel="share of jets per bin")
    lower.set(ylabel="test / control", yscale="log", xlim=(edges[0], edges[-1]))
    if ranks:
        upper.set(yscale="log")
        lower.set(xlabel="score (mean rank among control jets)")
    else:
        upper.set(xscale="log")
        lower.set(xlabel="anomaly score")
        for axis in (lower.xaxis, upper.xaxis):
            style.log_ticks(axis, np.log10(edges[-1] / edges[0]))
    upper.legend(loc="upper left" if ranks else "best")
    return figure


def axis_name(shares: Sequence[float], number: int) -> str:
    """A principal component with its share of the variance; empty beyond the last."""
    if number >= len(shares):
        return ""
    return f"component {number + 1} ({shares[number]:.1%} of variance)"


def second(places: np.ndarray) -> np.ndarray:
    """The second component, or zeros for a latent space of one dimension."""
    return places[:, 1] if places.shape[1] > 1 else np.zeros(len(places))


def latent(
    shares: Sequence[float], places: Mapping[str, np.ndarray], parts: Mapping[str, np.ndarray]
) -> Figure:
    """Latent plane by sample and by anomaly score.

    Args:
        shares, places: of the principal components, as `scorefiles.read_plane` gives them.
        parts: anomaly scores (N,) of the same events.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.5), sharex=True, sharey=True)
    names = list(places)
    for number, name in enumerate(names):
        few = places[name][:POINTS]
        colour = colours.CONTROL if number == 0 else style.colour(number - 1)
        left.scatter(
            few[:, 0],
            second(few),
            s=6,
            alpha=0.35,
            color=colour,
            label=style.plain(label(name)),
            linewidths=0,
        )
    every = np.concatenate([places[name][:POINTS] for name in names])
    error = np.log10(np.concatenate([parts[name][:POINTS] for name in names]) + 1e-30)
    order = np.argsort(error)
    shown = right.scatter(
        every[order, 0], second(every)[order], s=6, c=error[order], cmap="cividis", linewidths=0
    )
    bounds = np.quantile(error, [0.01, 0.99])
    shown.set_clim(*bounds)
    left.legend(markerscale=3)
    left.set(
        xlabel=axis_name(shares, 0),
        ylabel=axis_name(shares, 1),
    )
    right.set(xlabel=axis_name(shares, 0))
    figure.colorbar(shown, ax=right, label=r"$\log_{10}$ anomaly score")
    return figure


def clusters(
    shares: Sequence[float], places: Mapping[str, np.ndarray], components: Mapping[str, np.ndarray]
) -> Figure:
    """Latent plane, as of `latent`, of each test by mixture component (N,)."""
    figure, grid = plt.subplots(
        1, len(components), figsize=(6.2 * len(components), 5.5), squeeze=False, sharey=True
    )
    for axes, (test, found) in zip(grid[0], components.items(), strict=True):
        for component in np.unique(found):
            some = places[test][found == component][:POINTS]
            axes.scatter(
                *(some[:, 0], second(some)),
                s=7,
                alpha=0.5,
                color=style.colour(component),
                linewidths=0,
                label=f"component {component} ({(found == component).mean():.0%})",
            )
        axes.set(xlabel=axis_name(shares, 0), title=style.plain(test))
        axes.legend(markerscale=3)
    grid[0, 0].set_ylabel(axis_name(shares, 1))
    return figure


def by_cluster(
    parts: Mapping[str, np.ndarray], components: Mapping[str, np.ndarray], threshold: float
) -> Figure:
    """Anomaly scores of each test by mixture component, with the cut."""
    edges = edges_of([parts[test] for test in components])
    figure, grid = plt.subplots(
        1, len(components), figsize=(6.2 * len(components), 5.2), squeeze=False, sharey=True
    )
    for axes, (test, found) in zip(grid[0], components.items(), strict=True):
        for component in np.unique(found):
            axes.hist(
                parts[test][found == component],
                edges,
                histtype="step",
                linewidth=1.8,
                color=style.colour(component),
                label=f"component {component}",
            )
        axes.axvline(threshold, color="black", linestyle="--", label="cut")
        axes.set(xscale="log", title=style.plain(test), xlabel="anomaly score")
        style.log_ticks(axes.xaxis, np.log10(edges[-1] / edges[0]))
        axes.legend()
    grid[0, 0].set_ylabel("jets per bin")
    return figure
