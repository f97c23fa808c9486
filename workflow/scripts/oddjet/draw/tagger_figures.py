"""The weak tagger: its scores, and the features that tell tests from control."""

from collections.abc import Mapping, Sequence
from typing import Any

import mplhep
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.common.parts import CONTROL
from oddjet.draw import colours, style

EDGES = np.linspace(0, 1, 26)  # of the bins of the score
SHOWN = 20  # features, those that tell most


def histograms(parts: Mapping[str, np.ndarray], tests: Sequence[str], threshold: float) -> Figure:
    """Histograms of the score with the cut, and the ratio of each test to control.

    Args:
        parts: scores (N,) by sample part, shares of control jets, 0 to 1.
        tests: which of them are tests.
        threshold: the cut.
    """
    figure, (upper, lower) = plt.subplots(2, sharex=True, figsize=(7.5, 7), height_ratios=[3, 1.3])
    counts = {part: np.histogram(parts[part], EDGES)[0] for part in (CONTROL, *tests)}
    share = {part: found / len(parts[part]) for part, found in counts.items()}
    error = {part: np.sqrt(found) / len(parts[part]) for part, found in counts.items()}
    mplhep.histplot(share[CONTROL], EDGES, ax=upper, label="control", color=colours.CONTROL)
    filled = np.where(share[CONTROL] > 0, share[CONTROL], np.nan)
    for number, test in enumerate(tests):
        colour = style.colour(number)
        mplhep.histplot(share[test], EDGES, ax=upper, label=test, color=colour)
        mplhep.histplot(
            share[test] / filled,
            EDGES,
            yerr=error[test] / filled,
            histtype="errorbar",
            markersize=4,
            ax=lower,
            color=colour,
        )
    spread = np.nan_to_num(error[CONTROL] / filled)
    lower.stairs(1 + spread, EDGES, baseline=1 - spread, fill=True, color="lightgrey", zorder=0)
    lower.axhline(1, color="black", linewidth=1)
    for axes in (upper, lower):
        axes.axvline(threshold, color="black", linestyle="--")
        axes.set_yscale("log")
    upper.text(
        *(threshold, 0.98, "cut "),
        transform=upper.get_xaxis_transform(),
        **{"va": "top", "ha": "right", "fontsize": 12},
    )
    upper.set(ylabel="share of jets per bin")
    upper.legend(loc="upper left")
    lower.set(xlabel="score (mean rank among control jets)", ylabel="test / control", xlim=(0, 1))
    return figure


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
        colour = style.colour(number)
        axes.plot(here.auc, names, "o", color=colour, markersize=6, label=f"{test}, all jets")
        hollow: dict[str, Any] = {"markerfacecolor": "none", "label": f"{test}, low scores"}
        axes.plot(here.auc_low, names, "o", color=colour, markersize=6, **hollow)
    axes.axvline(0.5, color="black", linewidth=0.8)
    axes.set(xlabel="area under the ROC curve of test against control")
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.grid(axis="y", color="0.92")
    style.legend_below(figure)
    return figure
