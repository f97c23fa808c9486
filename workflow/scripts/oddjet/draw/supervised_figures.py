"""What the supervised reference learnt."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy.special import expit

from oddjet.draw import style
from oddjet.draw.class_figures import CLASSES

BINS = 40


def learning_curves(network: str, histories: Mapping[int, pd.DataFrame]) -> Figure:
    """Loss and accuracy by epoch of jets learnt from and of jets held, a colour per seed.

    Args:
        network: its name.
        histories: by seed, `half, epoch, train_loss, held_loss, train_accuracy, held_accuracy`.
    """
    figure, grid = plt.subplots(1, 2, figsize=(13, 5.5), sharex=True)
    for axes, what in zip(grid, ("loss", "accuracy"), strict=True):
        for number, (seed, history) in enumerate(histories.items()):
            for half, rows in history.groupby("half"):
                colour = style.colour(number)
                label = f"seed {seed}" if half == 1 else None
                axes.plot(rows.epoch, rows[f"held_{what}"], color=colour, label=label)
                axes.plot(rows.epoch, rows[f"train_{what}"], color=colour, linestyle=":")
        axes.plot([], [], color="grey", label="held half")
        axes.plot([], [], color="grey", linestyle=":", label="half learnt from")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="epoch", title=style.plain(network))
    grid[0].set_ylabel("binary cross-entropy")
    grid[1].set_ylabel("accuracy")
    style.legend_below(figure)
    return figure


def output(network: str, labels: np.ndarray, logits: Sequence[np.ndarray]) -> Figure:
    """Histograms of the network's output, 0 to 1, by class: the mean of the seeds and their range.

    Args:
        network: its name.
        labels: 0 normal, 1 anomalous, (N,).
        logits: of each seed, (N,).
    """
    edges = np.linspace(0, 1, BINS + 1)
    figure, axes = plt.subplots()
    for number, name in enumerate(CLASSES):
        chosen = labels == number
        if not chosen.any():
            continue
        counts = [np.histogram(expit(found[chosen]), edges)[0] for found in logits]
        shares = np.array(counts) / chosen.sum()
        colour = style.colour(number)
        axes.stairs(shares.mean(0), edges, color=colour, linewidth=1.8, label=name)
        axes.stairs(
            *(shares.max(0), edges),
            baseline=shares.min(0),
            fill=True,
            color=colour,
            alpha=0.25,
            linewidth=0,
        )
    axes.set(
        xlabel="output of the network",
        ylabel="share of jets per bin",
        yscale="log",
        xlim=(0, 1),
        ylim=(1 / len(labels), 1.5),
        title=style.plain(network),
    )
    axes.legend()
    return figure
