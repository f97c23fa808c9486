"""The features that tell tests from control, by which the weak tagger does."""

from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.draw import style

SHOWN = 20  # features, those that tell most


def features(table: pd.DataFrame) -> Figure:
    """How well each feature alone tells each test from control, those that tell most.

    Args:
        table: as tables/features.csv.
    """
    told = (table.auc - 0.5).abs().groupby(table.feature).max().nlargest(SHOWN)
    names = list(told.index[::-1])
    figure, axes = plt.subplots(figsize=(8, 0.34 * len(names) + 2.2))
    for number, test in enumerate(table.test.unique()):
        here = table[table.test == test].set_index("feature").loc[names]
        colour, name = style.colour(number), style.plain(test)
        axes.plot(here.auc, names, "o", color=colour, markersize=6, label=f"{name}, all jets")
        hollow: dict[str, Any] = {"markerfacecolor": "none", "label": f"{name}, low scores"}
        axes.plot(here.auc_low, names, "o", color=colour, markersize=6, **hollow)
    axes.axvline(0.5, color="black", linewidth=0.8)
    axes.set(xlabel="area under the ROC curve of test against control")
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.grid(axis="y", color="0.92")
    style.legend_below(figure)
    return figure
