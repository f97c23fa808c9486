"""The look of all figures, and how they are saved."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import mplhep
from matplotlib.figure import Figure

from oddjet.files import replacing

# Okabe and Ito, https://jfly.uni-koeln.de/color/: told apart with every common colour blindness
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
CONTROL = "black"
IMAGE_MAP = "viridis"

plt.style.use(
    [
        mplhep.style.ROOT,
        {
            "figure.figsize": (7, 5.5),
            "figure.dpi": 100,
            "figure.constrained_layout.use": True,
            "font.size": 14,
            "axes.labelsize": 15,
            "axes.titlesize": 14,
            "xtick.labelsize": 13,
            "ytick.labelsize": 13,
            "legend.fontsize": 12,
            "lines.linewidth": 1.6,
            "axes.prop_cycle": mpl.cycler(color=COLOURS),
            "savefig.bbox": None,
        },
    ]
)


def colour(number: int) -> str:
    """The colour of a test, a seed or a cluster by its number."""
    return COLOURS[number % len(COLOURS)]


def save(figure: Figure, paths: Sequence[str | Path]) -> None:
    """Save a figure to each path, in the format of its suffix, and close it.

    No creation date goes into the PDF, so that the same figure is the same file.
    """
    for path in paths:
        with replacing(path) as partial:
            pdf = partial.suffix == ".pdf"
            figure.savefig(partial, metadata={"CreationDate": None} if pdf else None)
    plt.close(figure)
