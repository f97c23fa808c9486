"""Jet images: examples, means, what a crop keeps, and inputs beside their reconstructions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from oddjet.draw import style

CHANNELS = 4  # of images that are drawn channel by channel: more take gigabytes and minutes
DECADES = 1e-3  # pixels below this share of the brightest are drawn as unlit


def visible(image: np.ndarray) -> np.ndarray:
    """An image (C, H, W) as it is drawn: its channels added, (H, W)."""
    return image.sum(axis=0)


def _draw(axes: Axes, image: np.ndarray, norm: LogNorm) -> AxesImage:
    axes.set(xticks=[], yticks=[])
    axes.set_facecolor("white")
    lit = np.ma.masked_less(image, norm.vmin or 0)
    return axes.imshow(lit, norm=norm, cmap=style.IMAGE_MAP, interpolation="nearest")


def _norm(images: Sequence[np.ndarray]) -> LogNorm:
    brightest = max(image.max() for image in images) or 1.0  # a channel may be dark
    return LogNorm(brightest * DECADES, brightest)


def colour_bar(
    figure: Figure, drawn: AxesImage, grid: np.ndarray, label: str, **given: Any
) -> None:
    """Put a colour bar on the right of a grid of axes.

    It is made for the first and the last of them, and stands as if it were for all: it is laid out
    once more for each that it is made for.
    """
    for axes in grid.flat:
        axes.set_anchor("E")  # as matplotlib does for those that it is made for
    corners = [grid.flat[0], *grid.flat[1:][-1:]]
    figure.colorbar(drawn, ax=corners, label=label, pad=0.01, **given)


def examples(images: Mapping[str, np.ndarray], size: tuple[int, int]) -> Figure:
    """A row of example jets for each sample.

    Args:
        images: by sample, (n, C, H, W).
        size: (H, W), named on the axes.
    """
    rows = {sample: [visible(image) for image in some] for sample, some in images.items()}
    columns = max(map(len, rows.values()))
    norm = _norm([image for some in rows.values() for image in some])
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(1.9 * columns + 1.2, 1.95 * len(rows) + 0.5), squeeze=False
    )
    for axes_row, (sample, some) in zip(grid, rows.items(), strict=True):
        axes_row[0].set_ylabel(style.plain(sample), fontsize=13, loc="center")
        for axes, image in zip(axes_row, some, strict=False):
            drawn = _draw(axes, image, norm)
        for axes in axes_row[len(some) :]:
            axes.axis("off")
    figure.supxlabel(f"jets, {size[1]} x {size[0]} pixels each", fontsize=13)
    colour_bar(figure, drawn, grid, "preprocessed pixel")
    return figure


def means(images: Mapping[str, np.ndarray]) -> Figure:
    """Mean image (C, H, W) of each sample, and its difference from the first, the normal one."""
    drawn = {sample: visible(image) for sample, image in images.items()}
    first, *rest = drawn
    norm = _norm(list(drawn.values()))
    differences = [np.abs(drawn[sample] - drawn[first]).max() for sample in rest]
    reach = max(differences, default=1.0) or norm.vmin or 1.0  # samples may be the same
    figure, grid = plt.subplots(2, len(drawn), figsize=(3.1 * len(drawn) + 1.4, 6.2), squeeze=False)
    for column, (sample, image) in enumerate(drawn.items()):
        mean = _draw(grid[0, column], image, norm)
        grid[0, column].set_title(style.plain(sample))
        if sample == first:
            grid[1, column].axis("off")
            continue
        difference = grid[1, column].imshow(
            image - drawn[first],
            norm=SymLogNorm(reach / 100, vmin=-reach, vmax=reach),
            cmap="PuOr",
            interpolation="nearest",
        )
        grid[1, column].set(xticks=[], yticks=[], title=f"{style.plain(sample)} $-$ {first}")
    colour_bar(figure, mean, grid[0], "mean preprocessed pixel")
    decade = 10.0 ** np.floor(np.log10(reach))  # more ticks would overlap about zero
    ticks = [-decade, -decade / 10, 0, decade / 10, decade]
    colour_bar(figure, difference, grid[1], "difference", ticks=ticks)
    return figure


def reconstructions(groups: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Inputs above their reconstructions, a pair of rows for each of the first `CHANNELS`.

    Args:
        groups: by name (low, middle, high error), inputs and reconstructions (n, C, H, W) of
            normalised pixels, and reconstruction errors (n,).
    """
    first = next(iter(groups.values()))
    (per_group, there), columns = first[0].shape[:2], sum(len(e) for _, _, e in groups.values())
    channels = min(there, CHANNELS)
    figure, grid = plt.subplots(
        2 * channels, columns, figsize=(1.6 * columns + 1.4, 3.4 * channels + 0.7)
    )
    for channel, (upper, lower) in enumerate(zip(grid[::2], grid[1::2], strict=True)):
        norm = _norm([image[channel] for inputs, _, _ in groups.values() for image in inputs])
        for group, (inputs, outputs, _) in enumerate(groups.values()):
            for column, (image, output) in enumerate(
                zip(inputs, outputs, strict=True), group * per_group
            ):
                drawn = _draw(upper[column], image[channel], norm)
                _draw(lower[column], output[channel], norm)
        named = f"channel {channel}\n" if there > 1 else ""
        upper[0].set_ylabel(f"{named}input", fontsize=13, loc="center")
        lower[0].set_ylabel(f"{named}output", fontsize=13, loc="center")
        colour_bar(figure, drawn, grid[2 * channel : 2 * channel + 2], "normalised pixel")
    for group, (name, (_, _, errors)) in enumerate(groups.items()):
        grid[0, group * per_group + per_group // 2].set_title(f"{name} error")
        for column, error in enumerate(errors, group * per_group):
            grid[-1, column].set_xlabel(f"{error:.2e}", fontsize=11, loc="center")
    return figure


def crop(curve: Mapping[str, np.ndarray], shape: tuple[int, int, int], side: int | None) -> Figure:
    """What a centred square holds of the normal jets, and how much of it is lit, by its side.

    Args:
        curve: as `preprocessing.crop_curve` returns it.
        shape: (C, H, W) of the raw images.
        side: of the square that is kept, in raw pixels; None for the whole image.
    """
    channels, *sides = shape
    every = np.arange(1, max(curve["side"][-1], *sides) + 1)
    held, lit = (
        np.pad(curve[name], (0, len(every) - len(curve[name])), "edge")
        for name in ("pt", "lit_pixels")
    )
    figure, (upper, lower) = plt.subplots(2, sharex=True, figsize=(7, 7.5), height_ratios=[1.6, 1])
    # a square holds whole pixels alone: nothing more until the next side
    upper.step(every, held, where="post", label="$p_T$")
    upper.step(every, lit / lit[-1], where="post", linestyle="--", label="lit pixels")
    lower.step(every, lit / (channels * every**2), where="post", color=style.colour(2))
    if side is not None:
        for axes in (upper, lower):
            axes.axvline(side, color="black", linestyle=":", label=f"crop to {side} pixels")
    upper.set(ylabel="share inside the square", ylim=(0, 1.05))
    lower.set(ylabel="lit share of the square", ylim=(0, None), xlim=(0, every[-1]))
    lower.set_xlabel("side of the square [raw pixels]")
    style.legend_below(figure)
    return figure
