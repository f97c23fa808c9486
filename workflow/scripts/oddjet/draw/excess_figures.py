"""What the anomalous jets look like, by the excess of the tests over their background."""

from collections.abc import Mapping

import mplhep
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.draw import style
from oddjet.draw.class_figures import QUANTITIES


def distributions(
    table: pd.DataFrame, truth: Mapping[str, Mapping[str, np.ndarray]], units: Mapping[str, str]
) -> Figure:
    """The excess of each test in the quantities that are shown.

    Args:
        table: as tables/excess.csv, of one model.
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
            ylabel=f"density [1 / {unit}]" if unit else "density",
        )
        if here.empty:
            axes.text(0.5, 0.5, "no excess to show", transform=axes.transAxes, ha="center")
    if not table.empty:
        style.legend_below(figure)
    return figure
