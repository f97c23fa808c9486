"""Geometry of each jet before any training: centred, rotated, flipped, cropped and rebinned.

All of it is computed on the lit pixels alone. Coordinates are in raw pixels from the middle of the
image, y along the rows and x along the columns. With several channels the geometry is that of their
sum, the same for each.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from oddjet.prepare.sparse import SparseImages

KEPT = 0.999  # share of the normal jets' pT inside the automatic crop
DECIMALS = 6  # of a coordinate: rounding errors, which are smaller, must not light a pixel


@dataclass(frozen=True)
class LitPixels:
    """The lit pixels of N jets of `shape` (C, H, W), all arrays (lit pixels,).

    Attributes:
        xp: what computes with them, NumPy here, PyTorch where the steps become part of a graph.
    """

    xp: ClassVar[Any] = np
    jets: int
    shape: tuple[int, int, int]
    jet: np.ndarray
    channel: np.ndarray
    y: np.ndarray
    x: np.ndarray
    value: np.ndarray

    def sum(self, quantity: np.ndarray | float = 1.0) -> np.ndarray:
        """Sum (N,) over each jet of a pixel's value times a quantity of it."""
        return np.bincount(self.jet, self.value * quantity, self.jets)

    def mean(self, quantity: np.ndarray) -> np.ndarray:
        """Mean (N,) over each jet of a quantity, weighted by the values; 0 of a blank jet."""
        total = self.sum()
        return self.sum(quantity) / self.xp.where(total > 0, total, 1.0)


def lit_pixels(images: SparseImages) -> LitPixels:
    """The lit pixels at their places in the images, values in double precision."""
    channel, row, column = np.unravel_index(images.pixels, images.shape)
    _, height, width = images.shape
    return LitPixels(
        len(images),
        images.shape,
        np.repeat(np.arange(len(images)), np.diff(images.offsets)),
        channel,
        row - (height - 1) / 2,
        column - (width - 1) / 2,
        images.values.astype(np.float64),
    )


def centred(jets: LitPixels) -> LitPixels:
    """Move the centroid of each jet to the middle."""
    y, x = jets.mean(jets.y), jets.mean(jets.x)
    return replace(jets, y=jets.y - y[jets.jet], x=jets.x - x[jets.jet])


def rotated(jets: LitPixels) -> LitPixels:
    """Rotate each jet about the middle until its principal axis is vertical.

    The axis is that of the larger second moment about the centroid. A jet without one, such as a
    single pixel, stays as it is.
    """
    local, xp = centred(jets), jets.xp
    yy, xx, xy = (jets.mean(q) for q in (local.y * local.y, local.x * local.x, local.x * local.y))
    # The axis is at half the angle of (along, across), from y towards x. By square roots alone,
    # which every machine and every runtime rounds alike: where third moments vanish but for
    # roundings these decide the flip.
    along, across = yy - xx, 2 * xy
    length = xp.sqrt(along * along + across * across)
    safe = xp.where(length > 0, length, 1.0)
    larger = xp.sqrt((1 + xp.where(length > 0, abs(along) / safe, 1.0)) / 2)
    smaller = abs(across) / safe / (2 * larger)
    cosine = xp.where(along < 0, smaller, larger)[jets.jet]
    sine = xp.where(along < 0, larger, smaller) * xp.where(across < 0, -1.0, 1.0)
    sine = sine[jets.jet]
    return replace(jets, y=cosine * jets.y + sine * jets.x, x=cosine * jets.x - sine * jets.y)


def flipped(jets: LitPixels) -> LitPixels:
    """Flip each jet so that its third moments about the middle are not negative."""
    y, x = (jets.xp.where(jets.sum(q * q * q) < 0, -1.0, 1.0)[jets.jet] for q in (jets.y, jets.x))
    return replace(jets, y=y * jets.y, x=x * jets.x)


def moved(jets: LitPixels, settings: Mapping[str, Any]) -> LitPixels:
    """Centre, rotate and flip, as far as `settings` ask for it."""
    for wanted, step in (("centre", centred), ("rotate", rotated), ("flip", flipped)):
        if settings[wanted]:
            jets = step(jets)
    return jets


def placed(images: SparseImages, settings: Mapping[str, Any]) -> LitPixels:
    """The lit pixels of images where `moved` brings them."""
    jets = moved(lit_pixels(images), settings)
    return replace(jets, y=np.round(jets.y, DECIMALS), x=np.round(jets.x, DECIMALS))


def smallest_crop(pieces: Iterable[SparseImages], settings: Mapping[str, Any]) -> int:
    """Side of the smallest centred square whose whole raw pixels hold `KEPT` of all pT.

    Args:
        pieces: normal images, those of the control part left out.
        settings: `centre`, `rotate`, `flip`.
    """
    total, _, _ = _held(pieces, settings)
    return int(np.searchsorted(total, KEPT * total[-1]))


def crop_curve(
    pieces: Iterable[SparseImages], settings: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """What the centred squares hold of images, up to the one that holds all their lit pixels.

    Args:
        pieces: images, at least one of them not blank.
        settings: `centre`, `rotate`, `flip`.

    Returns:
        `side` (S,) in raw pixels, from 1; and of the whole raw pixels inside, `pt` (S,), the share
        of all pT, and `lit_pixels` (S,), the mean number of lit ones in an image.
    """
    total, lit, images = _held(pieces, settings)
    side = np.arange(1, np.searchsorted(lit, lit[-1]) + 1)
    return {"side": side, "pt": total[side] / total[-1], "lit_pixels": lit[side] / images}


def _held(
    pieces: Iterable[SparseImages], settings: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray, int]:
    """PT and number of lit pixels in the centred square of each side, from 0; number of images."""
    total: np.ndarray = np.zeros(1)
    lit, number = np.zeros(1), 0
    for images in pieces:
        jets = placed(images, settings)
        side = np.ceil(2 * np.maximum(np.abs(jets.y), np.abs(jets.x))).astype(int) + 1
        longest = 2 * sum(images.shape[1:]) + 2  # more than any coordinate asks for
        # one jet behind the other, however many are given at a time
        total = np.bincount(
            np.concatenate([np.arange(longest), side]),
            np.concatenate([np.resize(total, longest), jets.value]),
        )
        lit = lit + np.bincount(side, minlength=longest)
        number += len(images)
    return np.cumsum(total), np.cumsum(lit), number


def prepared_shape(
    shape: tuple[int, int, int], crop: int | None, size: int | None
) -> tuple[int, int, int]:
    """Shape (C, H, W) of images of `shape` after crop and rebinning.

    No image gets more pixels than the crop has: they would be unlit lines between the lit ones.
    """
    if crop is None and size is None:
        return shape
    crop = crop or max(shape[1:])
    side = min(size or crop, crop)
    return (shape[0], side, side)


def _overlaps(middle: np.ndarray, width: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The two pixels of side 1 that intervals of `width` <= 1 may overlap, and their shares."""
    start = middle - width / 2
    first = np.floor(np.round(start, DECIMALS)).astype(int)
    share = np.clip(np.round(start + width - first - 1, DECIMALS) / width, 0, 1)
    yield first, 1 - share
    yield first + 1, share


def preprocess(images: SparseImages, settings: Mapping[str, Any], crop: int | None) -> SparseImages:
    """Take images through the steps that `settings` ask for.

    They are, in this order: centre on the pT centroid, rotate to the principal axis, flip, crop to
    a centred square and rebin, divide by the image's sum over all channels, raise each pixel x to
    a power, and ln(1 + a x). A blank image, or one that is empty after the crop, comes out blank.

    A moved raw pixel shares its pT among the new pixels that it overlaps (as a square that keeps
    its sides upright). Given whole to the nearest one it would leave a pattern of empty and double
    pixels where new and raw ones are of about the same size.

    Args:
        images: raw images.
        settings: `centre`, `rotate`, `flip`, `size`, `unit_sum`, `power`, `log` (a).
        crop: side of the square in raw pixels; None for the whole image.
    """
    jets = placed(images, settings)
    shape = prepared_shape(images.shape, crop, settings["size"])
    _, height, width = shape
    side = crop or max(images.shape[1:])
    scale = max(height, width) / side
    plane = (jets.jet * shape[0] + jets.channel) * (height * width)
    columns = [
        (column, share, (column >= 0) & (column < width))
        for column, share in _overlaps(jets.x * scale + width / 2, scale)
    ]
    places, values = [], []
    for row, row_share in _overlaps(jets.y * scale + height / 2, scale):
        start, value = plane + row * width, jets.value * row_share
        in_row = (row >= 0) & (row < height)
        for column, column_share, in_column in columns:
            inside = in_row & in_column
            places.append((start + column)[inside])
            values.append((value * column_share)[inside])
    pixels = jets.jets * int(np.prod(shape))
    found = np.bincount(np.concatenate(places), np.concatenate(values), pixels)
    # where nothing is lit it counts in integers
    dense = np.asarray(found, np.float64).reshape(jets.jets, *shape)
    if settings["unit_sum"]:
        sums = dense.sum(axis=(1, 2, 3), keepdims=True)
        dense /= np.where(sums > 0, sums, 1)
    if settings["power"] != 1:
        dense **= settings["power"]
    if settings["log"]:
        dense = np.log1p(settings["log"] * dense)
    return SparseImages.from_dense(dense.astype(np.float32))
