"""What the anomalous jets look like, by the excess of the tests over their background."""

from collections.abc import Iterator, Mapping

import mplhep
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from oddjet.common.rounding import measured, reciprocal
from oddjet.draw import style
from oddjet.draw.class_figures import QUANTITIES
from oddjet.draw.image_figures import DECADES, colour_bar, visible
from oddjet.estimate.excess import Peak, peaks_of


def distributions(
    table: pd.DataFrame,
    peaks: pd.DataFrame,
    truth: Mapping[str, Mapping[str, np.ndarray]],
    units: Mapping[str, str],
) -> Figure:
    """The excess of each test in the quantities that are shown.

    Args:
        table: as tables/excess.csv, of one model.
        peaks: as tables/excess_peaks.csv, of the same.
        truth: where it is given, by quantity and test, of the anomalous jets (N,).
        units: of each quantity.
    """
    figure, grid = plt.subplots(2, 2, figsize=(11.5, 8.5))
    for axes, (name, title) in zip(grid.flat, QUANTITIES.items(), strict=True):
        here = table[table.quantity == name]
        for number, (test, rows) in enumerate(here.groupby("test", sort=False)):
            edges = np.append(rows.low_edge, rows.high_edge.iloc[-1])
            colour = style.colour(number)
            mplhep.histplot(
                rows.density.to_numpy(),
                edges,
                yerr=rows.uncertainty.to_numpy(),
                histtype="errorbar",
                color=colour,
                markersize=4,
                ax=axes,
                label=style.plain(str(test)),
            )
            if len(jets := truth.get(name, {}).get(str(test), np.empty(0))):
                counts = np.histogram(jets, edges)[0]
                density = counts / len(jets) / np.diff(edges)
                mplhep.histplot(
                    *(density, edges),
                    ax=axes,
                    color=colour,
                    linestyle="--",
                    label=style.plain(f"{test}, truth"),
                )
        axes.axhline(0, color="black", linewidth=0.8)
        unit = units[name]
        axes.set(
            xlabel=title + (f" [{unit}]" if unit else ""),
            ylabel=f"density [{reciprocal(unit)}]" if unit else "density",
        )
        if name == "mass":
            of_truth = truth.get(name, {})
            lines = [
                f"{style.plain(str(test))}: peak at {place}"
                for test, ones in peaks.dropna().groupby("test", sort=False)
                for place in _placed(ones, here, of_truth)
            ]
            axes.set_title("\n".join(lines), fontsize=10)
        if here.empty:
            axes.text(0.5, 0.5, "no excess to show", transform=axes.transAxes, ha="center")
    if not table.empty:
        style.legend_below(figure)
    return figure


def _placed(
    peaks: pd.DataFrame, mass: pd.DataFrame, truth: Mapping[str, np.ndarray]
) -> Iterator[str]:
    """Where the peaks of a test lie and, where it has truth, the nearest of its anomalous jets.

    Theirs are found as those of the excess are, in the same bins.
    """
    test = peaks.test.iloc[0]
    true: list[Peak] = []
    if len(jets := truth.get(str(test), np.empty(0))):
        bins = mass[mass.test == test]
        edges = np.append(bins.low_edge, bins.high_edge.iloc[-1])
        counts = np.histogram(jets, edges)[0]
        each = len(jets) * np.diff(edges)  # of one jet a bin
        true = peaks_of(edges, counts / each, np.sqrt(np.maximum(counts, 1)) / each)
    for one in peaks.itertuples():
        place = measured(one.peak, one.uncertainty)
        if true:
            near = min(true, key=lambda peak: abs(peak.peak - one.peak))
            place += f" (truth {measured(near.peak, near.uncertainty)})"
        yield place


def mean_images(
    control: np.ndarray,
    excess: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray | None]],
) -> Figure:
    """The mean image of the excess of each test beside that of control.

    Args:
        control: mean image (C, H, W).
        excess: by test, the mean image of the excess, its standard deviation and, where truth is
            given, the mean image of the anomalous jets. A pixel that is not two standard deviations
            above zero is not drawn.
    """
    drawn = {"control": visible(control)}
    for test, (image, deviation, true) in excess.items():
        seen = visible(np.where(image > 2 * deviation, image, 0.0))
        drawn[f"{style.plain(test)}, excess"] = seen
        if true is not None:
            drawn[f"{style.plain(test)}, truth"] = visible(true)
    figure, grid = plt.subplots(1, len(drawn), figsize=(3.1 * len(drawn) + 1.4, 3.6), squeeze=False)
    norm = LogNorm(drawn["control"].max() * DECADES, drawn["control"].max())
    for axes, (title, image) in zip(grid[0], drawn.items(), strict=True):
        lit = np.ma.masked_less(image, norm.vmin or 0)
        mean = axes.imshow(lit, norm=norm, cmap=style.IMAGE_MAP, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=12)
    if not excess:
        grid[0, 0].set_xlabel("no excess to show")
    colour_bar(figure, mean, grid[0], "mean preprocessed pixel")
    return figure
