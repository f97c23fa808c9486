"""Physics checks on the way in: four-vectors, units, sides; and no false alarms."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import IMAGES, jets

from oddjet.common.errors import InputError
from oddjet.prepare.samples import check_together, prepare_normal, prepare_test

STEPS = {"centre": True, "rotate": True, "flip": True, "crop": "auto", "size": 16}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}
VECTORS = IMAGES | {"layout": "constituents"}


def cylindrical(events: int = 150, seed: int = 0) -> tuple[np.ndarray, ...]:
    """pT in GeV, eta and phi (events, 20) of constituents of jets, some 600 GeV each."""
    rng = np.random.default_rng(seed)
    pt = rng.exponential(30, (events, 20))
    eta = rng.uniform(-2, 2, (events, 1)) + rng.normal(0, 0.2, pt.shape)
    phi = rng.uniform(-np.pi, np.pi, (events, 1)) + rng.normal(0, 0.2, pt.shape)
    return pt, eta, phi


def four_vectors(events: int = 150, seed: int = 0) -> np.ndarray:
    pt, eta, phi = cylindrical(events, seed)
    return np.stack(
        [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1
    )


def listed(
    directory: Path, normal: np.ndarray, test: np.ndarray, images: dict[str, Any] = VECTORS
) -> list[dict[str, Any]]:
    """Prepare two samples and list them."""
    files = [str(directory / f"{name}.npy") for name in ("normal", "test")]
    for file, values in zip(files, (normal, test), strict=True):
        np.save(file, values)
    prepared = [directory / f"{name}.h5" for name in ("normal", "test")]
    prepare_normal({"file": files[0]}, images, prepared[0], STEPS, SPLIT)
    prepare_test({"file": files[1]}, images, prepared[1], STEPS, prepared[0])
    return check_together(
        prepared[0], {"test": prepared[1]}, [[file] for file in files], 0.2, 29, 0.1
    )


@pytest.mark.parametrize("unit", [1e-3, 1, 1e3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_massless_constituents_pass_in_single_precision_and_any_unit(
    tmp_path: Path, dtype: type, unit: float
) -> None:
    vectors = (four_vectors() * unit).astype(dtype)
    rows = listed(tmp_path, vectors, (four_vectors(seed=1) * unit).astype(dtype))
    said = "" if unit == 1 else "in another unit?"
    assert all(said in row["warnings"] and bool(said) == bool(row["warnings"]) for row in rows)


def test_massive_and_padded_constituents_in_half_precision_pass(tmp_path: Path) -> None:
    vectors = four_vectors(300)
    vectors[..., 0] = np.hypot(vectors[..., 0], 0.14)
    vectors[:, 12:] = 0
    rows = listed(tmp_path, vectors[:150].astype(np.float16), vectors[150:].astype(np.float16))
    assert [row["warnings"] for row in rows] == ["", ""]


def pt_first(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, last: np.ndarray) -> np.ndarray:
    return np.stack([pt, eta, phi, last], axis=-1)


OTHERS = {
    "pt, eta, phi, pdgid": lambda v, c: pt_first(*c, np.full_like(c[0], 211)),
    "pt, eta, phi, mass": lambda v, c: pt_first(*c, np.full_like(c[0], 0.14)),
    "pt, eta, phi, E": lambda v, c: pt_first(*c, v[..., 0]),
    "px, py, pz, E": lambda v, c: np.roll(v, -1, axis=-1),
    "px, E, py, pz": lambda v, c: v[..., [1, 0, 2, 3]],
    "eta, phi, pt, E": lambda v, c: np.stack([c[1], c[2], c[0], v[..., 0]], axis=-1),
    "E of zero": lambda v, c: v * [0, 1, 1, 1],
    "padded with -999": lambda v, c: np.where(np.arange(20)[:, None] < 10, v, -999),
    "hard pt, eta, phi, 0": lambda v, c: pt_first(c[0] + 100, c[1], c[2], 0 * c[0]),
}


@pytest.mark.parametrize("order", OTHERS)
def test_columns_in_another_order_are_refused(tmp_path: Path, order: str) -> None:
    wrong = OTHERS[order](four_vectors(), cylindrical())
    with pytest.raises(InputError, match=r"(?s)E, px, py, pz.*Hint: name in images.coord"):
        listed(tmp_path, wrong, wrong)


def test_momenta_in_another_order_are_said(tmp_path: Path) -> None:
    wrong = [four_vectors(seed=seed)[..., [0, 3, 1, 2]] for seed in (0, 1)]
    assert all("prefer an axis in azimuth" in row["warnings"] for row in listed(tmp_path, *wrong))


def test_jets_that_were_turned_to_one_direction_are_no_surprise(tmp_path: Path) -> None:
    pt, eta, phi = cylindrical(300)
    phi -= phi.mean(axis=1, keepdims=True)
    parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    turned = np.stack(parts, axis=-1)
    assert not any(row["warnings"] for row in listed(tmp_path, turned[:150], turned[150:]))


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_samples_in_different_units_are_refused(tmp_path: Path, factor: float) -> None:
    with pytest.raises(InputError, match=r"(?s)median pT.*same unit"):
        listed(tmp_path, four_vectors(), four_vectors(seed=1) * factor)
    with pytest.raises(InputError, match=r"(?s)median pT.*same unit"):
        listed(tmp_path, jets(120), jets(40, seed=1) * factor, IMAGES)


def test_units_mixed_within_a_sample_are_said(tmp_path: Path) -> None:
    mixed = four_vectors(seed=1)
    mixed[100:] *= 1000
    normal, test = listed(tmp_path, four_vectors(), mixed)
    assert normal["warnings"] == ""
    assert "are units mixed?" in test["warnings"]


@pytest.mark.parametrize(
    ("layout", "shape", "fits"),
    [
        ("channels_last", (3, 8, 16, 16), False),
        ("channels_first", (3, 16, 16, 8), False),
        ("channels_last", (3, 16, 16, 8), True),
        ("channels_first", (3, 8, 16, 16), True),
        ("channels_last", (3, 12, 16, 2), True),  # not square either way
        ("channels_last", (3, 12, 16), True),
    ],
)
def test_images_that_are_square_in_the_other_layout_alone_are_refused(
    tmp_path: Path, layout: str, shape: tuple[int, ...], fits: bool
) -> None:
    images = np.random.default_rng(0).random((120, *shape[1:])).astype(np.float32)
    settings = IMAGES | {"layout": layout}
    if fits:
        rows = listed(tmp_path, images, images[:40] * 0.9, settings)
        square = rows[0]["height"] == rows[0]["width"]
        assert all(("not square" in row["warnings"]) != square for row in rows)
    else:
        with pytest.raises(InputError, match=r"(?s)where channels.*set images.layout"):
            listed(tmp_path, images, images[:40], settings)
