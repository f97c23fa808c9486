"""Bias and coverage of the estimators in pseudo-experiments."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from oddjet.common.parts import UNDISTORTED, WEAK
from oddjet.draw import colours, style

MARKERS = "osD^v<>P"
NEAR = 0.1  # in area under the ROC curve
COLOURS = ("black", *colours.COLOURS)  # as many as there are estimators


def overview(table: pd.DataFrame) -> Figure:
    """Bias and coverage of the 68% interval against the true fraction, by score and test size.

    Args:
        table: as tables/coverage.csv; distorted experiments are left out.
    """
    table = table[table.distortion == UNDISTORTED]
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
        table: as tables/trust.csv; distorted experiments are left out.
    """
    table = table[table.distortion == UNDISTORTED]
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


def distortions(table: pd.DataFrame) -> Figure:
    """Trusted answers, and errors of trusted ones, by distortion and score.

    Args:
        table: as tables/trust.csv.
    """
    distorted = table[table.distortion != UNDISTORTED]
    keys = ["fraction", "other_fraction"]
    tried = distorted[keys].drop_duplicates()
    largest = table[table.events == table.events.max()].merge(tried, on=keys)
    truths = largest.fraction.map("{:g}".format) + largest.other_fraction.map(
        lambda other: "" if np.isnan(other) else f" beside {other:g}"
    )
    largest = largest.assign(row=largest.distortion + ", " + truths)
    rows, scores = largest.row.unique(), largest.score.unique()
    figure, axes = plt.subplots(
        1, 2, figsize=(2 * (1 + 0.8 * len(scores)) + 3, 1.6 + 0.26 * max(len(rows), 1)), sharey=True
    )
    for here, name, title in (
        (axes[0], "trusted", "share trusted"),
        (axes[1], "off", "of these off by more than 3 sigma"),
    ):
        cells = largest.pivot_table(index="row", columns="score", values=name, dropna=False)
        cells = cells.reindex(index=rows, columns=scores).to_numpy(dtype=float)
        here.imshow(cells, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        for (row, column), value in np.ndenumerate(cells):
            if not np.isnan(value):
                colour = "black" if value > 0.6 else "white"
                here.text(
                    *(column, row, f"{value:.2f}"),
                    ha="center",
                    va="center",
                    color=colour,
                    fontsize=8,
                )
        here.set_title(title, fontsize=11)
        here.set_xticks(
            *(range(len(scores)), [style.plain(score) for score in scores]),
            rotation=45,
            ha="right",
            fontsize=9,
        )
        here.set_yticks(range(len(rows)), rows, fontsize=8)
        here.tick_params(which="both", length=0)
    return figure


def separation(table: pd.DataFrame) -> Figure:
    """The area under the ROC curve of the tagger against the true fraction, by test size.

    Args:
        table: as tables/trust.csv; distorted experiments are left out.
    """
    table = table[(table.distortion == UNDISTORTED) & table.auc.notna()]
    figure, axes = plt.subplots(figsize=(7, 5))
    alone = table[(table.score == WEAK) & table.other_fraction.isna()]
    for number, (events, here) in enumerate(alone.groupby("events")):
        axes.errorbar(
            *(here.fraction, here.auc, here.auc_uncertainty),
            color=colours.COLOURS[number % len(colours.COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            label=f"{WEAK}, {events} jets",
        )
    others = table[table.score != WEAK].groupby("score", sort=False).auc.mean()
    # of the other scores those that are not far below the tagger
    for score, auc in others[others > alone.auc.min() - NEAR].items():
        axes.axhline(auc, color="0.4", linestyle="--", linewidth=1)
        axes.annotate(
            style.plain(str(score)),
            (1, auc),
            (4, 0),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set(xlabel="true fraction", ylabel="area under the ROC curve", xscale="log")
    fractions = sorted(alone.fraction.unique())
    axes.set_xticks(fractions, [f"{fraction:g}" for fraction in fractions], fontsize=11)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.legend()
    return figure
