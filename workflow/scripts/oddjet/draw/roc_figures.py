"""ROC curves."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from oddjet.draw import colours, style


def by_seed(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The ROC curves of a score, as `detection.tables` gives them, by what the legend says."""
    return {
        seed if seed == "ensemble" else f"seed {seed}": curve
        for seed, curve in table.groupby("seed", sort=False)
    }


def rejection(curves: Mapping[str, Mapping[str, pd.DataFrame]], max_fpr: float) -> Figure:
    """Background rejection against signal efficiency of each test.

    Args:
        curves: by test and name, `tpr, fpr`; `ensemble` is drawn strongly.
        max_fpr: the false positive rate of the cut, marked.
    """
    # more, with the two lines, than there is room for beside the curves
    many = max(map(len, curves.values())) > 6
    width = 6.6 * len(curves) + 2.6 * many
    figure, grid = plt.subplots(1, len(curves), figsize=(width, 5.5), squeeze=False, sharey=True)
    for axes, (test, named) in zip(grid[0], curves.items(), strict=True):
        for number, (name, curve) in enumerate(named.items()):
            useful = curve[curve.fpr > 0]
            strong = name == "ensemble"
            axes.plot(
                useful.tpr,
                1 / useful.fpr,
                color="black" if strong else style.colour(number),
                linestyle=("-", "--", "-.")[number // len(colours.COLOURS) % 3],
                linewidth=2.2 if strong else 1.2,
                label=style.plain(name),
            )
        efficiency = np.linspace(0.01, 1)
        axes.plot(efficiency, 1 / efficiency, color="grey", linestyle=":", label="chance")
        axes.axhline(1 / max_fpr, color="grey", linestyle="--", label=f"FPR {max_fpr:g}")
        axes.set(
            xlabel="signal efficiency (TPR)", yscale="log", xlim=(0, 1), title=style.plain(test)
        )
        if not many:
            axes.legend()
    if many:
        figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside right upper")
    grid[0, 0].set_ylabel("background rejection (1/FPR)")
    return figure
