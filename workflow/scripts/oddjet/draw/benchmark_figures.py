"""Models beside each other: what each step is worth, and what the latent size changes."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.common.tables import overall
from oddjet.draw import style


def _seeds(table: pd.DataFrame, model: str) -> pd.DataFrame:
    return table[(table.model == model) & (table.seed != "ensemble")]


def ablation(table: pd.DataFrame, steps: Sequence[str], score: str) -> Figure:
    """AUC and background rejection of each step, seeds as dots and their mean as a line.

    Args:
        table: as tables/benchmark.csv.
        steps: names of models, from the first step to the last.
        score: which score of theirs.
    """
    table = overall(table)
    table = table[table.score == score]
    figure, grid = plt.subplots(1, 2, figsize=(12, 0.55 * len(steps) + 1.8), sharey=True)
    columns = {"auc": "AUC", "rejection_at_30": "1/FPR at TPR 30%"}
    for axes, (column, label) in zip(grid, columns.items(), strict=True):
        means = [_seeds(table, step)[column].mean() for step in steps]
        axes.plot(means, range(len(steps)), color=style.colour(0), label="mean over seeds")
        for height, step in enumerate(steps):
            seeds = _seeds(table, step)[column]
            axes.plot(
                seeds,
                [height] * len(seeds),
                "o",
                color=style.colour(1),
                markersize=6,
                label="seeds" if height == 0 else None,
            )
        axes.set_xlabel(label)
        axes.minorticks_off()
        axes.grid(axis="x", color="0.9")
    grid[0].set_yticks(range(len(steps)), list(map(style.plain, steps)))
    grid[0].set_ylim(len(steps) - 0.5, -0.5)
    handles, labels = grid[0].get_legend_handles_labels()
    grid[0].legend(handles, labels, loc="best")
    return figure


def latent_scan(table: pd.DataFrame, sizes: Mapping[str, int], score: str) -> Figure:
    """Reconstruction error and AUC against the latent size.

    Args:
        table: as tables/benchmark.csv.
        sizes: latent size by model.
        score: which score of theirs.
    """
    table = overall(table)
    table = table[(table.score == score) & table.model.isin(sizes) & (table.seed != "ensemble")]
    table = table.assign(latent=table.model.map(sizes))
    figure, grid = plt.subplots(1, 2, figsize=(12, 4.8))
    columns = {"relative_loss": "validation loss / that of the mean image", "auc": "AUC"}
    for axes, (column, label) in zip(grid, columns.items(), strict=True):
        means = table.groupby("latent")[column].mean()
        axes.plot(means.index, means, color=style.colour(0), label="mean over seeds")
        axes.plot(table.latent, table[column], "o", color=style.colour(1), label="seeds")
        axes.set(xlabel="latent size", ylabel=label, xscale="log")
        axes.set_xticks(sorted(set(sizes.values())), map(str, sorted(set(sizes.values()))))
        axes.minorticks_off()
        axes.margins(0.06)
    grid[0].legend()
    return figure
