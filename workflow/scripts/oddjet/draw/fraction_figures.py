"""The anomalous fractions at one glance."""

from collections.abc import Mapping

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.draw import style


def overview(table: pd.DataFrame, truth: Mapping[str, float]) -> Figure:
    """The fraction of each test by model and estimator: the ensemble with its interval, and seeds.

    Args:
        table: as tables/fractions.csv.
        truth: true fraction by test, perhaps of none.
    """
    tests = list(table.test.unique())
    rows = list(table[["model", "estimator"]].drop_duplicates().itertuples(index=False))
    figure, grid = plt.subplots(
        1,
        len(tests),
        figsize=(5.6 * len(tests) + 1.5, 0.62 * len(rows) + 2.2),
        squeeze=False,
        sharey=True,
    )
    for axes, test in zip(grid[0], tests, strict=True):
        if test in truth:
            axes.axvline(truth[test], color="black", linestyle="--", label="truth")
        for height, (model, estimator) in enumerate(rows):
            here = table[
                (table.test == test) & (table.model == model) & (table.estimator == estimator)
            ]
            seeds = here[here.seed != "ensemble"]
            axes.plot(
                seeds.fraction,
                [height + 0.22] * len(seeds),
                linestyle="",
                marker="|",
                markersize=9,
                color=style.colour(1),
                label="seeds" if height == 0 else None,
            )
            both = here[here.seed == "ensemble"].iloc[0]
            axes.hlines(height, both.low, both.high, color=style.colour(0), linewidth=2.5)
            axes.plot(
                both.fraction,
                height,
                "o",
                color=style.colour(0),
                markersize=7,
                label="ensemble" if height == 0 else None,
            )
        axes.set(xlabel="anomalous fraction", title=style.plain(test), ylim=(-0.6, len(rows) - 0.3))
        # a bound reaches to 1 and is cut off, so that the others stay apart
        two_sided = table[(table.test == test) & (table.high < 1)]
        ends = [*two_sided.low, *two_sided.high]
        ends += [truth[test]] if test in truth else []
        margin = 0.05 * (max(ends) - min(ends)) + 0.01
        axes.set_xlim(min(ends) - margin, max(ends) + margin)
        axes.minorticks_off()
    labels = [f"{style.plain(model)}: {estimator}" for model, estimator in rows]
    grid[0, 0].set_yticks(range(len(rows)), labels)
    grid[0, 0].invert_yaxis()
    style.legend_below(figure)
    return figure


def budget(table: pd.DataFrame) -> Figure:
    """How far each source of uncertainty moves the headline fraction, by test.

    Args:
        table: as tables/uncertainty_budget.csv.
    """
    tests, models = list(table.test.unique()), list(table.model.unique())
    sources = list(table.source.unique())
    figure, grid = plt.subplots(
        1,
        len(tests),
        figsize=(4.6 * len(tests) + 1.5, 0.5 * len(sources) + 2.4),
        squeeze=False,
        sharey=True,
        sharex=True,
    )
    width = 0.8 / len(models)
    for axes, test in zip(grid[0], tests, strict=True):
        axes.axvline(0, color="black", linewidth=0.8)
        for number, model in enumerate(models):
            here = table[(table.test == test) & (table.model == model)].set_index("source")
            heights = [
                sources.index(source) + (number + 0.5) * width - 0.4 for source in here.index
            ]
            axes.barh(
                heights,
                here.up + here.down,
                width,
                left=-here.down,
                color=style.colour(number),
                label=style.plain(model),
            )
        axes.set(xlabel="change of the fraction", title=style.plain(test))
        axes.use_sticky_edges = False  # bars do not touch the frame
        axes.margins(x=0.08)
        axes.minorticks_off()
    grid[0, 0].set_yticks(range(len(sources)), sources)
    grid[0, 0].invert_yaxis()
    style.legend_below(figure)
    return figure


def sensitivity(table: pd.DataFrame) -> Figure:
    """The fraction at which a test of so many jets is expected to show an excess, by model.

    Args:
        table: as tables/sensitivity.csv.
    """
    figure, axes = plt.subplots(figsize=(7.5, 5.5))
    for number, (model, rows) in enumerate(table.groupby("model", sort=False)):
        for wanted, line in ((3, "--"), (5, "-")):
            axes.loglog(
                rows.jets,
                rows[f"expected_{wanted}sigma"],
                line,
                color=style.colour(number),
                label=rf"{style.plain(str(model))}, {wanted}$\sigma$",
            )
    axes.set(xlabel="jets in the test", ylabel="anomalous fraction expected to be seen")
    axes.grid(which="both", color="0.92")
    style.legend_below(figure)
    return figure
