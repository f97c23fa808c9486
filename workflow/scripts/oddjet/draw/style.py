"""The look of all figures, and how they are saved."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import mplhep
from cycler import cycler
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

from oddjet.common.files import replacing
from oddjet.draw.colours import COLOURS

IMAGE_MAP = "viridis"

plt.style.use(
    [
        mplhep.style.ROOT,
        {
            "figure.figsize": (7, 5.5),
            "figure.dpi": 120,
            "figure.constrained_layout.use": True,
            "font.size": 14,
            "axes.labelsize": 15,
            "axes.titlesize": 14,
            "xtick.labelsize": 13,
            "ytick.labelsize": 13,
            "legend.fontsize": 12,
            "lines.linewidth": 1.6,
            "axes.prop_cycle": cycler(color=COLOURS),
            "savefig.bbox": None,
        },
    ]
)


def colour(number: int) -> str:
    """The colour of a test, a seed or a cluster by its number."""
    return COLOURS[number % len(COLOURS)]


def plain(name: object) -> str:
    """A name of the user's as figures show it, as it is.

    matplotlib would set what stands between dollars as mathematics, and leave a name that begins
    with an underscore out of legends.
    """
    text = str(name).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def log_ticks(axis: Axis, decades: float) -> None:
    """Label a logarithmic axis at 1, 2, 5 where it spans few `decades`, else at powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
    axis.set_major_formatter(LogFormatterSciNotation(minor_thresholds=(10, 10)))
    axis.set_minor_formatter(NullFormatter())


def legend_below(figure: Figure) -> None:
    """Put one legend below all axes, each label once, in as many rows as it needs."""
    handles = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    for columns in range(len(handles), 0, -1):
        legend = figure.legend(handles.values(), handles, loc="outside lower center", ncols=columns)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def save(figure: Figure, paths: Sequence[str | Path]) -> None:
    """Save a figure to each path, in the format of its suffix, and close it.

    No creation date goes into the PDF, so that the same figure is the same file. It is laid out
    once: with many axes that takes longer than to draw it. Without a layout engine matplotlib does
    not draw it another time before it is saved.
    """
    if engine := figure.get_layout_engine():
        for axes in figure.axes:
            for spine in axes.spines.values():  # ticks point inwards: no more room than the axes
                spine.set_in_layout(False)
        engine.execute(figure)
    with mpl.rc_context({"figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)
        for path in paths:
            with replacing(path) as partial:
                pdf = partial.suffix == ".pdf"
                figure.savefig(partial, metadata={"CreationDate": None} if pdf else None)
    plt.close(figure)
