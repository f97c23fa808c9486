"""How the trainings went."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from oddjet.draw import style


def learning_curves(
    model: str, loss: str | Mapping[str, float], histories: Mapping[int, pd.DataFrame]
) -> Figure:
    """Training and validation loss by epoch, a colour per seed, and the losses to beat.

    Args:
        model: its name.
        loss: what it was trained with, a name or weights by name.
        histories: by seed, as `training.train` records them.
    """
    weights = {} if isinstance(loss, str) else loss
    named = " + ".join(f"{weight:g} {name}" for name, weight in weights.items()) or loss
    figure, axes = plt.subplots()
    for number, (seed, history) in enumerate(histories.items()):
        colour = style.colour(number)
        axes.plot(history.epoch, history.val_loss, color=colour, label=f"seed {seed}")
        axes.plot(history.epoch, history.train_loss, color=colour, linestyle=":")
        if history.val_loss.notna().any():  # else no epoch is the best
            best = history.loc[history.val_loss.idxmin()]
            axes.plot(best.epoch, best.val_loss, "o", color=colour, markersize=5)
    first = next(iter(histories.values())).iloc[0]
    axes.axhline(first.blank_loss, color="black", linestyle="--", label="blank image")
    axes.axhline(first.mean_loss, color="black", linestyle="-.", label="mean image")
    axes.plot([], [], color="grey", label="validation (dot: best)")
    axes.plot([], [], color="grey", linestyle=":", label="training (mean over the epoch)")
    axes.set(
        xlabel="epoch",
        ylabel=f"loss ({named}) of normalised pixels",
        yscale="log",
        title=style.plain(model),
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(ncols=2, loc="upper right")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.45)  # room for the legend
    style.log_ticks(axes.yaxis, np.log10(high / low))
    return figure
