"""Preprocessing as tensors: that of the workflow, and what that refuses is marked."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from conftest import IMAGES

from oddjet.planning.coordinates import SYSTEMS
from oddjet.prepare.constituents import jet_images
from oddjet.prepare.four_vectors import four_vectors
from oddjet.prepare.preprocessing import preprocess
from oddjet.prepare.sparse import SparseImages
from oddjet.publish.preprocessing_graph import Preprocessing, RawConstituents, RawImages


def images(shape: tuple[int, int, int], whole_numbers: bool) -> np.ndarray:
    """A few lit pixels; third moments of whole numbers may vanish but for roundings."""
    rng = np.random.default_rng(0)
    found = np.zeros((300, *shape), np.float32)
    lit = rng.random(found.shape) < 0.02
    found[lit] = rng.integers(1, 4, lit.sum()) if whole_numbers else rng.exponential(size=lit.sum())
    return found


@pytest.mark.parametrize("whole_numbers", [False, True])
@pytest.mark.parametrize(
    ("shape", "crop", "size"),
    [((1, 16, 16), None, None), ((2, 17, 17), 12, 8), ((3, 20, 21), 11, 11), ((1, 30, 30), 23, 40)],
)
def test_tensors_become_the_very_images_of_the_workflow(
    shape: tuple[int, int, int], crop: int | None, size: int | None, whole_numbers: bool
) -> None:
    raw = images(shape, whole_numbers)
    for centre, rotate, flip in product([False, True], repeat=3):
        steps = {"centre": centre, "rotate": rotate, "flip": flip, "size": size}
        steps |= {"unit_sum": centre, "power": 0.5 if rotate else 1.0, "log": 30.0 * flip}
        expected = preprocess(SparseImages.from_dense(raw), steps, crop).dense()
        found = Preprocessing(steps, shape, crop)(torch.from_numpy(raw)).numpy()
        # powers and logarithms of two libraries, kept in single precision
        tolerance = 1e-6 if rotate or flip else 0
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=0)


def settings(**given: Any) -> dict[str, Any]:
    return IMAGES | {"layout": "constituents", "size": 16, "half_width": 1.0} | given


def constituents(names: tuple[str, ...]) -> np.ndarray:
    """Jets (200, 8, coordinates) of 1 to 8 constituents, and one of none."""
    rng = np.random.default_rng(1)
    pt = rng.exponential(20, (200, 8)) * (np.arange(8) < rng.integers(1, 9, (200, 1)))
    pt[0] = 0
    axis = np.array([rng.normal(0, 1, (200, 1)), rng.uniform(-np.pi, np.pi, (200, 1))])
    eta, phi = axis * ("ptrel" not in names) + rng.normal(0, 0.4, (2, 200, 8))
    known = {"eta": eta, "phi": phi, "pt": pt, "y": eta, "mass": 0 * pt}
    known |= {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": pt * np.sinh(eta)}
    known |= {"E": pt * np.cosh(eta), "ptrel": pt, "etarel": eta, "phirel": phi}
    return np.stack([known[name] for name in names], axis=-1)


@pytest.mark.parametrize("names", SYSTEMS, ids=" ".join)
def test_constituents_in_any_coordinates_become_the_images_of_the_workflow(
    names: tuple[str, ...],
) -> None:
    raw = constituents(names)
    named = dict(zip(names, np.moveaxis(raw, -1, 0), strict=True))
    expected, *_ = jet_images(four_vectors(named, "GeV"), 16, 1.0)
    found, usable = RawConstituents(settings(coordinates=list(names)))(torch.from_numpy(raw))
    assert usable.all()
    # shares of the pT by two ways to take a root
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


def test_codes_of_constituents_become_the_channels_of_the_workflow() -> None:
    raw = constituents(("E", "px", "py", "pz"))
    code = np.random.default_rng(2).choice([22.0, 11.0, 211.0, 0.0], raw.shape[:2])
    channel = np.select([code == 22, code == 211], [0, 1], 2)
    expected, *_ = jet_images(raw, 16, 1.0, channel, 3)
    names = {"E": 1, "px": 2, "py": 3, "pz": 4, "code": 0}
    graph = RawConstituents(settings(coordinates=names, one_hot={"codes": [22, 211]}))
    found, usable = graph(torch.from_numpy(np.concatenate([code[..., None], raw], axis=2)))
    assert usable.all()
    assert found.shape == (200, 3, 16, 16)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6)


def test_constituents_beyond_as_many_as_are_used_do_not_matter() -> None:
    raw = constituents(("E", "px", "py", "pz"))
    short = raw[:, :3]
    beyond = raw.copy()
    beyond[:, 3:] = np.nan
    graph = RawConstituents(settings(constituents=3))
    (found, usable), (expected, _) = (graph(torch.from_numpy(x)) for x in (beyond, short))
    assert usable.all()
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ("coordinate", "value"),
    [("pt", -1.0), ("pt", np.nan), ("eta", 11.0), ("phi", 7.0), ("mask", 0.5), ("mass", -1.0)],
)
def test_jet_with_a_constituent_that_the_workflow_refuses_is_marked(
    coordinate: str, value: float
) -> None:
    names = ["pt", "eta", "phi", "mass", "mask"]
    raw = np.ones((4, 3, 5))
    raw[2, 1, names.index(coordinate)] = value
    _, usable = RawConstituents(settings(coordinates=names))(torch.from_numpy(raw))
    assert usable.tolist() == [True, True, False, True]


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 3.0])
def test_image_with_a_pixel_that_the_workflow_refuses_is_marked(value: float) -> None:
    raw = np.zeros((3, 9, 9, 3), np.float32)
    raw[..., 1] = 2
    raw[1, 4, 4, 1] = value  # a code that is not listed, or none at all
    raw[:, 0, 0, 2] = np.nan  # of a channel that is not used
    one_hot = {"channel": 1, "codes": [1, 2]}
    chosen = IMAGES | {"channels": [0, 1], "one_hot": one_hot}
    found, usable = RawImages(chosen, (9, 9, 3))(torch.from_numpy(raw))
    assert found.shape == (3, 3, 9, 9)
    assert usable.tolist() == [True, False, True]
