"""Quantities of raw jets, against plain sums over pixels and pairs."""

import numpy as np
import pytest

from oddjet.prepare.quantities import jet_quantities
from oddjet.prepare.sparse import SparseImages


def quantities(images: np.ndarray) -> dict[str, np.ndarray]:
    return jet_quantities(SparseImages.from_dense(images.astype(np.float32)))


def jets(events: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = rng.exponential(size=(events, 2, 9, 11))
    images[rng.random(images.shape) < 0.9] = 0
    return images


def test_quantities_are_those_of_plain_sums() -> None:
    images = jets()
    found = quantities(images)
    for number, image in enumerate(images):
        pixels = [
            (float(np.float32(image[channel, row, column])), row, column)
            for channel, row, column in np.argwhere(image)
        ]
        total = sum(p for p, _, _ in pixels)
        middle = [sum(pixel[0] * pixel[axis] for pixel in pixels) / total for axis in (1, 2)]
        pairs = sum(
            p * q * ((y - v) ** 2 + (x - u) ** 2)
            for one, (p, y, x) in enumerate(pixels)
            for q, v, u in pixels[:one]
        )
        girth = sum(p * np.hypot(y - middle[0], x - middle[1]) for p, y, x in pixels) / total
        expected = {
            "pt": total,
            "lit_pixels": len(pixels),
            "mass": np.sqrt(pairs),
            "width": girth,
            "minus_sum_of_squares": -sum(p**2 for p, _, _ in pixels),
        }
        assert {name: values[number] for name, values in found.items()} == pytest.approx(expected)


def test_the_mass_is_the_invariant_mass_where_angles_are_small() -> None:
    size = 0.001  # of a pixel in eta and phi
    image = np.zeros((1, 1, 40, 40))
    momenta = {(3, 5): 200.0, (30, 12): 120.0, (17, 35): 80.0}
    four = np.zeros(4)
    for (row, column), pt in momenta.items():
        image[0, 0, row, column] = pt
        eta, phi = row * size, column * size
        four += pt * np.array([np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta)])
    mass = np.sqrt(four[0] ** 2 - (four[1:] ** 2).sum())
    # angles of 0.04: the next term of the expansion is of the order of 0.04^2 / 12
    assert quantities(image)["mass"][0] * size == pytest.approx(mass, rel=1e-3)


def test_blank_and_single_pixel_jets_have_no_mass_and_no_width() -> None:
    images = np.zeros((2, 1, 8, 8))
    images[1, 0, 3, 4] = 2
    found = quantities(images)
    assert found["mass"].tolist() == found["width"].tolist() == [0, 0]
    assert found["pt"].tolist() == [0, 2]
    assert found["lit_pixels"].tolist() == [0, 1]
