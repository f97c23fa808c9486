"""Jet images: examples, means, and inputs beside their reconstructions."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from oddjet.figures import style

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
    brightest = max(image.max() for image in images)
    return LogNorm(brightest * DECADES, brightest)


def examples(images: Mapping[str, np.ndarray], size: tuple[int, int]) -> Figure:
    """A row of example jets for each sample.

    Args:
        images: by sample, (n, C, H, W), the same n for all.
        size: (H, W), named on the axes.
    """
    rows = {sample: [visible(image) for image in some] for sample, some in images.items()}
    columns = len(next(iter(rows.values())))
    norm = _norm([image for some in rows.values() for image in some])
    figure, grid = plt.subplots(
        len(rows), columns, figsize=(1.9 * columns + 1.2, 1.95 * len(rows) + 0.5), squeeze=False
    )
    for axes_row, (sample, some) in zip(grid, rows.items(), strict=True):
        axes_row[0].set_ylabel(sample, fontsize=13, loc="center")
        for axes, image in zip(axes_row, some, strict=True):
            drawn = _draw(axes, image, norm)
    figure.supxlabel(f"jets, {size[1]} x {size[0]} pixels each", fontsize=13)
    figure.colorbar(drawn, ax=grid, label="preprocessed pixel", pad=0.01)
    return figure


def means(images: Mapping[str, np.ndarray]) -> Figure:
    """Mean image (C, H, W) of each sample, and its difference from the first, the normal one."""
    drawn = {sample: visible(image) for sample, image in images.items()}
    first, *rest = drawn
    norm = _norm(list(drawn.values()))
    reach = max((np.abs(drawn[sample] - drawn[first]).max() for sample in rest), default=1.0)
    figure, grid = plt.subplots(2, len(drawn), figsize=(3.1 * len(drawn) + 1.4, 6.2), squeeze=False)
    for column, (sample, image) in enumerate(drawn.items()):
        mean = _draw(grid[0, column], image, norm)
        grid[0, column].set_title(sample)
        if sample == first:
            grid[1, column].axis("off")
            continue
        difference = grid[1, column].imshow(
            image - drawn[first],
            norm=SymLogNorm(reach / 100, vmin=-reach, vmax=reach),
            cmap="PuOr",
            interpolation="nearest",
        )
        grid[1, column].set(xticks=[], yticks=[], title=f"{sample} $-$ {first}")
    figure.colorbar(mean, ax=grid[0], label="mean preprocessed pixel", pad=0.01)
    figure.colorbar(difference, ax=grid[1], label="difference", pad=0.01)
    return figure


def reconstructions(groups: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Inputs beside their reconstructions.

    Args:
        groups: by name (low, middle, high error), inputs and reconstructions (n, C, H, W) of
            normalised pixels, and reconstruction errors (n,).
    """
    pairs = {
        name: ([visible(i) for i in inputs], [visible(o) for o in outputs], errors)
        for name, (inputs, outputs, errors) in groups.items()
    }
    norm = _norm([image for inputs, _, _ in pairs.values() for image in inputs])
    per_group = len(next(iter(pairs.values()))[2])
    columns = per_group * len(pairs)
    figure, grid = plt.subplots(2, columns, figsize=(1.6 * columns + 1.4, 4.1))
    for group, (name, (inputs, outputs, errors)) in enumerate(pairs.items()):
        first = group * per_group
        for column, error in enumerate(errors, first):
            drawn = _draw(grid[0, column], inputs[column - first], norm)
            _draw(grid[1, column], outputs[column - first], norm)
            grid[1, column].set_xlabel(f"{error:.2e}", fontsize=11, loc="center")
        grid[0, first + per_group // 2].set_title(f"{name} error")
    grid[0, 0].set_ylabel("input", fontsize=13, loc="center")
    grid[1, 0].set_ylabel("output", fontsize=13, loc="center")
    figure.colorbar(drawn, ax=grid, label="normalised pixel", pad=0.01)
    return figure
