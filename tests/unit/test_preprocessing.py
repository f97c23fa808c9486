"""Geometry of the jets: what a plain loop over jets gives, and what moves of a jet leave alone."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import REPO

from oddjet.planning.configuration import problems
from oddjet.prepare.preprocessing import crop_curve, placed, preprocess, smallest_crop
from oddjet.prepare.sparse import SparseImages

OFF: dict[str, Any] = {
    "centre": False,
    "rotate": False,
    "flip": False,
    "size": None,
    "unit_sum": False,
    "power": 1.0,
    "log": 0,
}
GEOMETRY = OFF | {"centre": True, "rotate": True, "flip": True}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
ALL = GEOMETRY | {"size": 10, "unit_sum": True, "power": 0.5}


def jets(events: int = 30, shape: tuple[int, int, int] = (2, 24, 24), seed: int = 0) -> np.ndarray:
    """Images float32 (events, C, H, W) of about 20 lit pixels, none near the rim."""
    rng = np.random.default_rng(seed)
    images = np.zeros((events, *shape), np.float32)
    inner = images[:, :, 6:-6, 6:-6]
    lit = rng.random(inner.shape) < 0.07
    inner[lit] = rng.exponential(size=lit.sum())
    return images


def run(images: np.ndarray, settings: dict[str, Any], crop: int | None = None) -> np.ndarray:
    return preprocess(SparseImages.from_dense(images), settings, crop).dense()


def overlap(middle: float, pixel: int, width: float) -> float:
    """Share of an interval of `width` that lies in a pixel of side 1."""
    ends = max(middle - width / 2, pixel), min(middle + width / 2, pixel + 1)
    return max(0.0, ends[1] - ends[0]) / width


def reference(image: np.ndarray, settings: dict[str, Any], crop: int | None) -> np.ndarray:
    """One jet (C, H, W), pixel by pixel."""
    channels, height, width = image.shape
    pixels = [
        (c, row - (height - 1) / 2, column - (width - 1) / 2, float(image[c, row, column]))
        for c in range(channels)
        for row in range(height)
        for column in range(width)
        if image[c, row, column]
    ]
    pt = sum(value for *_, value in pixels) or 1.0
    mean_y = sum(value * y for _, y, _, value in pixels) / pt
    mean_x = sum(value * x for _, _, x, value in pixels) / pt
    if settings["centre"]:
        pixels = [(c, y - mean_y, x - mean_x, value) for c, y, x, value in pixels]
        mean_y = mean_x = 0.0
    if settings["rotate"]:
        moments = np.zeros((2, 2))
        for _, y, x, value in pixels:
            d = np.array([y - mean_y, x - mean_x])
            moments += value * np.outer(d, d)
        axis = np.linalg.eigh(moments)[1][:, 1]  # of the largest eigenvalue, (y, x)
        axis = axis if axis[0] >= 0 else -axis
        pixels = [
            (c, axis[0] * y + axis[1] * x, axis[0] * x - axis[1] * y, value)
            for c, y, x, value in pixels
        ]
    if settings["flip"]:
        up = -1 if sum(value * y**3 for _, y, _, value in pixels) < 0 else 1
        right = -1 if sum(value * x**3 for _, _, x, value in pixels) < 0 else 1
        pixels = [(c, up * y, right * x, value) for c, y, x, value in pixels]
    shape, cell = (height, width), 1.0
    if crop or settings["size"]:
        side = crop or max(height, width)
        bins = min(settings["size"] or side, side)
        shape, cell = (bins, bins), side / bins
    result = np.zeros((channels, *shape))
    for c, y, x, value in pixels:
        for row in range(shape[0]):
            for column in range(shape[1]):
                shared = overlap(y / cell + shape[0] / 2, row, 1 / cell)
                shared *= overlap(x / cell + shape[1] / 2, column, 1 / cell)
                result[c, row, column] += value * shared
    if settings["unit_sum"]:
        result /= result.sum() or 1.0
    result = result ** settings["power"]
    return np.log1p(settings["log"] * result) if settings["log"] else result


@pytest.mark.parametrize("shape", [(1, 24, 24), (2, 23, 31)], ids=str)
@pytest.mark.parametrize("crop", [None, 9, 16])
@pytest.mark.parametrize(
    "change",
    [
        {},
        *({step: not ALL[step]} for step in ("centre", "rotate", "flip", "unit_sum")),
        {"size": None},
        {"size": 7},
        {"size": 100},
        {"power": 1.0},
        {"power": 1.0, "log": 20.0},
    ],
    ids=str,
)
def test_jets_are_those_of_a_plain_loop(
    shape: tuple[int, int, int], crop: int | None, change: dict[str, Any]
) -> None:
    images = jets(shape=shape)
    settings = ALL | change
    expected = np.stack([reference(image, settings, crop) for image in images])
    found = run(images, settings, crop)
    assert found.dtype == np.float32
    if settings["power"] != 1:  # roots of small shares: compare what they are roots of
        found, expected = found.astype(np.float64) ** 2, expected**2
    # coordinates are rounded to a millionth of a pixel; pixels are of order one at most
    np.testing.assert_allclose(found, expected, **CLOSE)


def test_images_are_as_they_were_with_every_step_off() -> None:
    images = jets(shape=(2, 24, 31))
    np.testing.assert_array_equal(run(images, OFF), images)


@pytest.mark.parametrize("settings", [GEOMETRY, ALL], ids=["geometry", "all"])
@pytest.mark.parametrize("shift", [(3, 0), (0, -5), (-6, 6)], ids=str)
def test_where_a_jet_lies_changes_nothing(settings: dict[str, Any], shift: tuple[int, int]) -> None:
    images = jets()
    moved = np.roll(images, shift, axis=(2, 3))
    # the same but for the rounding of coordinates to a millionth of a pixel
    np.testing.assert_allclose(
        run(moved, settings, 20) ** 2, run(images, settings, 20) ** 2, **CLOSE
    )


@pytest.mark.parametrize(
    "move",
    [
        lambda a: np.rot90(a, 1, (2, 3)),
        lambda a: np.rot90(a, 2, (2, 3)),
        lambda a: np.rot90(a, 3, (2, 3)),
        lambda a: a[:, :, ::-1],
        lambda a: a[:, :, :, ::-1],
        lambda a: a.swapaxes(2, 3),
    ],
    ids=["90", "180", "270", "upside down", "left-right", "transposed"],
)
def test_turned_and_mirrored_jets_come_out_the_same(move: Any) -> None:
    images = jets(events=200)
    before, after = run(images, ALL, 20), run(np.ascontiguousarray(move(images)), ALL, 20)
    # The same, and not approximately: a right angle moves pixel centres onto pixel centres. What
    # is left is the rounding of coordinates to a millionth of a pixel.
    np.testing.assert_allclose(after**2, before**2, **CLOSE)


def test_a_jet_of_one_pixel_comes_out_in_the_middle() -> None:
    images = np.zeros((3, 1, 11, 11), np.float32)
    for event, place in enumerate([(5, 5), (0, 10), (7, 2)]):
        images[event, 0, *place] = 0.1 * (event + 1)
    odd = run(images, ALL | {"size": 5}, 9)
    assert (odd[:, 0, 2, 2] == 1).all()
    assert odd.sum() == 3
    even = run(images, ALL | {"size": 6, "power": 1.0}, 9)
    middle = even[:, 0, 2:4, 2:4]  # here the middle is the corner of four pixels
    np.testing.assert_allclose(middle, np.full((3, 2, 2), 0.25), **CLOSE)


@pytest.mark.parametrize("ends", [[0, 1, 40], [0, 17, 23, 40]])
def test_jets_and_the_crop_curve_are_the_same_bit_by_bit_whatever_jets_are_taken_together(
    ends: list[int],
) -> None:
    images = SparseImages.from_dense(jets(events=40))
    settings = ALL | {"power": 0.7, "log": 3.0, "size": 8}
    parts = [images.select(np.arange(start, stop)) for start, stop in pairwise(ends)]
    whole = preprocess(images, settings, 12)
    found = SparseImages.join([preprocess(part, settings, 12) for part in parts])
    np.testing.assert_array_equal(found.dense(), whole.dense())
    for name, values in crop_curve([images], settings).items():
        np.testing.assert_array_equal(crop_curve(parts, settings)[name], values, err_msg=name)


def test_blank_images_stay_blank() -> None:
    images = jets(events=5)
    images[[0, 2, 4]] = 0
    out = run(images, ALL, 12)
    assert np.isfinite(out).all()
    assert out.any(axis=(1, 2, 3)).tolist() == [False, True, False, True, False]
    assert not run(np.zeros_like(images), ALL, 12).any()


def test_an_image_that_the_crop_empties_is_blank() -> None:
    images = np.zeros((1, 1, 20, 20), np.float32)
    images[0, 0, [0, -1], [0, -1]] = 1  # two opposite corners, nothing between them
    assert not run(images, ALL, 6).any()


def test_a_rotated_jet_lies_along_the_vertical_and_its_tail_points_down_and_right() -> None:
    images = np.zeros((1, 1, 21, 21), np.float32)
    for step, value in ((-2, 3.0), (0, 1.0), (4, 1.0), (6, 1.0)):
        images[0, 0, 10 + step, 10 - step] = value
    row, column = np.nonzero(run(images, GEOMETRY, 21)[0, 0])
    assert (column == 10).all()
    assert row.max() - 10 > 10 - row.min()


def test_no_pt_is_lost_without_a_crop_that_cuts() -> None:
    images = jets()
    out = run(images, GEOMETRY | {"size": 11}, 40)
    sums = [i.reshape(len(i), -1).sum(axis=1, dtype=np.float64) for i in (out, images)]
    np.testing.assert_allclose(*sums, rtol=1e-6)


@pytest.mark.parametrize("settings", [OFF, GEOMETRY], ids=["off", "geometry"])
def test_the_automatic_crop_is_the_smallest_that_holds_99_9_percent(
    settings: dict[str, Any],
) -> None:
    images = jets(events=300)
    pieces = [SparseImages.from_dense(part) for part in np.array_split(images, 4)]
    crop = smallest_crop(pieces, settings)
    # parity: a square of whole pixels about the middle of an even image has an even side
    kept = [run(images, settings, c).sum(dtype=np.float64) for c in (crop - 2, crop)]
    assert kept[0] < 0.999 * images.sum(dtype=np.float64) <= kept[1]


@pytest.mark.parametrize("settings", [OFF, GEOMETRY], ids=["off", "geometry"])
def test_the_crop_curve_says_what_a_plain_loop_finds_inside_each_square(
    settings: dict[str, Any],
) -> None:
    images = jets(events=60)
    images[7] = 0
    pieces = [SparseImages.from_dense(part) for part in np.array_split(images, 4)]
    curve = crop_curve(pieces, settings)
    assert curve["side"].tolist() == list(range(1, len(curve["side"]) + 1))
    sums, lit = np.zeros(len(curve["side"])), np.zeros(len(curve["side"]))
    for piece in pieces:
        moved = placed(piece, settings)
        for y, x, value in zip(moved.y, moved.x, moved.value, strict=True):
            for number, side in enumerate(curve["side"]):
                if max(abs(y), abs(x)) + 0.5 <= side / 2:  # the whole pixel
                    sums[number] += value
                    lit[number] += 1
    # all arithmetic is double precision; the values of the images are single
    np.testing.assert_allclose(curve["pt"], sums / images.sum(dtype=np.float64), rtol=1e-9)
    np.testing.assert_allclose(curve["lit_pixels"], lit / 60, rtol=1e-12)
    assert curve["pt"][-1] == pytest.approx(1)
    assert curve["lit_pixels"][-2] < curve["lit_pixels"][-1] == (images > 0).sum() / 60


@pytest.mark.parametrize("crop", ["wide", 0, 1.5])
def test_a_crop_that_cannot_be_is_refused_with_what_can(crop: Any) -> None:
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    found = problems({"crop": crop}, schema["$defs"]["preprocessing"])
    expected = f"crop: found {crop!r}; expected auto or an integer >= 1 or null."
    assert found == [expected]
