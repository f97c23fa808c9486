"""Bias and coverage of the estimators in pseudo-experiments."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.draw import style

MARKERS = "osD^v<>P"
COLOURS = ("black", *style.COLOURS)  # as many as there are estimators


def overview(table: pd.DataFrame) -> Figure:
    """Bias and coverage of the 68% interval against the true fraction, by score and test size.

    Args:
        table: as tables/coverage.csv.
    """
    columns = list(table[["score", "events"]].drop_duplicates().itertuples(index=False))
    estimators = list(table.estimator.unique())
    figure, grid = plt.subplots(
        2,
        len(columns),
        figsize=(3 * len(columns) + 1, 7.5),
        squeeze=False,
        sharex=True,
        sharey="row",
    )
    for (above, below), (score, events) in zip(grid.T, columns, strict=True):
        cell = table[(table.score == score) & (table.events == events)]
        above.axhline(0, color="black", linewidth=0.8)
        below.axhspan(0.63, 0.73, color="0.88")
        below.axhline(0.68, color="black", linewidth=0.8)
        for number, estimator in enumerate(estimators):
            here = cell[cell.estimator == estimator].sort_values("fraction")
            look = {
                "color": COLOURS[number % len(COLOURS)],
                "marker": MARKERS[number % len(MARKERS)],
                "markersize": 4.5,
                "linewidth": 2 if number == 0 else 1,
                "label": estimator,
            }
            above.errorbar(here.fraction, here.bias, here.bias_uncertainty, **look)
            error = np.sqrt(here.coverage_68 * (1 - here.coverage_68) / here.repeats)
            below.errorbar(here.fraction, here.coverage_68, error, **look)
        above.set(title=f"{style.plain(score)}, {events} jets", ylim=(-0.3, 0.1))
        below.set(xlabel="true fraction", xlim=(-0.04, 1.04), ylim=(0, 1.02), xticks=(0, 0.5, 1))
    grid[0, 0].set_ylabel("bias")
    grid[1, 0].set_ylabel("coverage of 68%")
    style.legend_below(figure)
    return figure


def trust(table: pd.DataFrame) -> Figure:
    """Trusted answers, their coverage and their errors against the true fraction, by test size.

    Args:
        table: as tables/trust.csv.
    """
    rows = {
        "trusted": "share trusted",
        "coverage": "coverage of trusted",
        "off": "off by more than 3 sigma",
    }
    sizes = sorted(table.events.unique())
    figure, grid = plt.subplots(
        *(len(rows), len(sizes)),
        figsize=(max(4.2 * len(sizes) + 1, 8.5), 9),
        squeeze=False,
        sharex=True,
        sharey="row",
    )
    for column, events in enumerate(sizes):
        grid[1, column].axhspan(0.63, 1.0, color="0.92")
        grid[2, column].axhspan(0, 0.01, color="0.85")
        for number, score in enumerate(table.score.unique()):
            cell = table[(table.score == score) & (table.events == events)].sort_values("fraction")
            colour = COLOURS[number % len(COLOURS)]
            for alone in (True, False):
                here = cell[cell.other_fraction.isna() == alone]
                for axes, name in zip(grid[:, column], rows, strict=True):
                    known = here[here[name].notna()]
                    counted = known.experiments * (1 if name == "trusted" else known.trusted)
                    error = np.sqrt(known[name] * (1 - known[name]) / counted.clip(lower=1))
                    axes.errorbar(
                        *(known.fraction, known[name], error),
                        color=colour,
                        marker=MARKERS[number % len(MARKERS)],
                        markersize=5,
                        markerfacecolor=colour if alone else "white",
                        linestyle="-" if alone else "none",
                        linewidth=1,
                        label=style.plain(score) if alone else None,
                    )
        grid[0, column].set_title(f"{events} jets")
        grid[-1, column].set(xlabel="true fraction", xlim=(-0.04, 1.04), xticks=(0, 0.5, 1))
    for axes, (name, label) in zip(grid[:, 0], rows.items(), strict=True):
        axes.set_ylabel(label)
        axes.set_ylim(-0.02, 0.2 if name == "off" else 1.05)
    style.legend_below(figure)
    return figure
