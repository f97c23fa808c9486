"""What becomes of the numbers in a file: layouts, channels, constituents."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import IMAGES

from oddjet.common.errors import InputError
from oddjet.prepare.images import LEADING, Images, jet_images

EVENTS, SIDE = 6, 8
rng = np.random.default_rng(0)


def read(path: Path, sample: dict[str, Any] | None = None, **settings: Any) -> np.ndarray:
    found = Images({"file": path} | (sample or {}), IMAGES | settings)
    images = np.concatenate([piece.images.dense() for piece in found.pieces()])
    assert images.shape == (len(found), *found.shape)
    return images


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.fixture
def three(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A file of images with three channels last, and they with channels first."""
    array = rng.random((EVENTS, SIDE, SIDE + 1, 3)).astype(np.float32)
    return saved(tmp_path / "a.npz", x=array), np.moveaxis(array, -1, 1)


# Channels


def test_channels_first_are_read_as_they_are(tmp_path: Path) -> None:
    array = rng.random((EVENTS, 3, SIDE, SIDE)).astype(np.float32)
    path = saved(tmp_path / "a.npz", x=array)
    np.testing.assert_array_equal(read(path, layout="channels_first"), array)


@pytest.mark.parametrize("channels", [[0], [2, 0], [1, 2]])
def test_the_channels_asked_for_are_kept_in_that_order(
    three: tuple[Path, np.ndarray], channels: list[int]
) -> None:
    path, array = three
    np.testing.assert_array_equal(read(path, channels=channels), array[:, channels])


def test_a_channel_that_is_not_used_may_hold_anything(tmp_path: Path) -> None:
    array = rng.random((EVENTS, SIDE, SIDE, 2))
    array[..., 1] = -np.pi
    array[0, 0, 0, 1] = np.nan
    path = saved(tmp_path / "a.npz", x=array)
    assert read(path, channels=[0]).shape == (EVENTS, 1, SIDE, SIDE)
    with pytest.raises(InputError, match=r"pixel nan at \(0, 0, 1\) of event 0.*\n.*channels"):
        read(path)


def test_a_missing_channel_is_named(three: tuple[Path, np.ndarray]) -> None:
    with pytest.raises(InputError, match=r"3 channels; expected a channel 3 \(the first is 0\)"):
        read(three[0], channels=[0, 3])


def test_each_code_of_a_one_hot_channel_becomes_a_channel(tmp_path: Path) -> None:
    array = rng.random((EVENTS, SIDE, SIDE, 2))
    array[..., 1] = rng.integers(0, 4, array.shape[:3])
    path = saved(tmp_path / "a.npz", x=array)
    found = read(path, one_hot={"channel": 1, "codes": [3, 1, 2]})
    np.testing.assert_array_equal(found[:, 0], array[..., 0].astype(np.float32))
    for place, code in enumerate((3, 1, 2), 1):
        np.testing.assert_array_equal(found[:, place], array[..., 1] == code)


def test_a_code_that_is_not_listed_is_named(tmp_path: Path) -> None:
    array = rng.integers(0, 4, (EVENTS, SIDE, SIDE, 1))
    path = saved(tmp_path / "a.npz", x=array)
    with pytest.raises(InputError, match="the code 3 in channel 0"):
        read(path, one_hot={"channel": 0, "codes": [1, 2]})


# Rows


def test_rows_and_values_choose_events(tmp_path: Path) -> None:
    array, kind = rng.random((EVENTS, SIDE, SIDE)).astype(np.float32), np.arange(EVENTS) % 3
    path = saved(tmp_path / "a.npz", x=array, kind=kind)
    found = Images({"file": path, "key": "x", "where": {"kind": [0, 2]}, "rows": [1, 6]}, IMAGES)
    assert found.rows.tolist() == [2, 3, 5]
    images = np.concatenate([piece.images.dense() for piece in found.pieces()])
    np.testing.assert_array_equal(images[:, 0], array[[2, 3, 5]])


def test_no_row_that_fits_says_what_was_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=rng.random((EVENTS, SIDE, SIDE)), kind=np.zeros(EVENTS))
    with pytest.raises(InputError, match=r"none of 6 rows with kind = 1 and rows 0 to 3"):
        read(path, {"key": "x", "where": {"kind": 1}, "rows": [0, 3]})


def test_a_choice_by_an_array_of_another_length_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=rng.random((EVENTS, SIDE, SIDE)), kind=np.zeros(3))
    with pytest.raises(InputError, match=r"'kind' of shape \(3,\); expected \(6,\)"):
        read(path, {"key": "x", "where": {"kind": 0}})


def test_a_choice_by_an_array_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=rng.random((EVENTS, SIDE, SIDE)), kind=np.zeros(EVENTS))
    with pytest.raises(InputError, match=r"no array 'sort' but x \(6, 8, 8\), kind \(6,\)"):
        read(path, {"key": "x", "where": {"sort": 0}})


def test_limits_and_values_choose_events_that_keep_to_all_of_them(tmp_path: Path) -> None:
    array = rng.random((EVENTS, SIDE, SIDE)).astype(np.float32)
    more = {"pt": np.array([400.0, 500, 599, 600, 550, 550]), "kind": np.array([1, 1, 1, 1, 0, 1])}
    path = saved(tmp_path / "a.npz", x=array, **more)
    where = {"pt": {"at_least": 500, "below": 600}, "kind": 1}
    assert Images({"file": path, "key": "x", "where": where}, IMAGES).rows.tolist() == [1, 2, 5]
    where = {"pt": {"below": 500}}
    assert Images({"file": path, "key": "x", "where": where}, IMAGES).rows.tolist() == [0]


@pytest.mark.parametrize(
    ("name", "rows"), [("jets[0]", [0, 2, 4]), ("jets[-1]", [1, 3, 5]), ("jets[1]", [1, 3, 5])]
)
def test_a_column_of_an_array_chooses_events(tmp_path: Path, name: str, rows: list[int]) -> None:
    array = rng.random((EVENTS, SIDE, SIDE)).astype(np.float32)
    labels = np.eye(2)[np.arange(EVENTS) % 2]
    path = saved(tmp_path / "a.npz", x=array, jets=labels)
    assert Images({"file": path, "key": "x", "where": {name: 1}}, IMAGES).rows.tolist() == rows


def test_a_column_that_an_array_has_not_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=rng.random((EVENTS, SIDE, SIDE)), jets=np.ones((EVENTS, 2)))
    with pytest.raises(InputError, match=r"'jets' of shape \(6, 2\).*with a column 2"):
        read(path, {"key": "x", "where": {"jets[2]": 1}})
    with pytest.raises(InputError, match=r"'jets' of shape \(6, 2\); expected \(6,\)"):
        read(path, {"key": "x", "where": {"jets": 1}})


def test_texts_have_no_limits(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.npz", x=rng.random((EVENTS, SIDE, SIDE)), kind=np.array(["qcd"] * EVENTS)
    )
    with pytest.raises(InputError, match=r"in 'kind' texts such as qcd; expected numbers"):
        read(path, {"key": "x", "where": {"kind": {"at_least": 1}}})


# Constituents


def four_vectors(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Massless E, px, py, pz, (..., 4)."""
    momenta = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(momenta, axis=-1)


def some_jets(events: int = 50, most: int = 30) -> np.ndarray:
    """Constituents about axes anywhere, also at phi = pi; those behind the 20th are padding."""
    pt = rng.exponential(20, (events, most)) * (np.arange(most) < 20)
    eta = rng.uniform(-2, 2, (events, 1)) + rng.normal(0, 0.2, (events, most))
    phi = rng.uniform(-4, 4, (events, 1)) + rng.normal(0, 0.2, (events, most))
    return four_vectors(pt, eta, phi)


def test_a_jet_image_is_the_histogram_of_the_constituents_around_the_axis() -> None:
    jets = some_jets()
    images, _, _ = jet_images(jets, 16, 0.8)
    for jet, image in zip(jets, images, strict=True):
        px, py, pz = jet[:, 1:].sum(0)
        axis = np.arcsinh(pz / np.hypot(px, py)), np.arctan2(py, px)
        jet = jet[jet[:, 0] > 0]
        pt = np.hypot(jet[:, 1], jet[:, 2])
        turned = np.exp(1j * (np.arctan2(jet[:, 2], jet[:, 1]) - axis[1]))
        expected, _, _ = np.histogram2d(
            np.arcsinh(jet[:, 3] / pt) - axis[0],
            np.angle(turned),
            bins=16,
            range=[(-0.8, 0.8)] * 2,
            weights=pt / np.hypot(px, py),
        )
        np.testing.assert_allclose(image[0], expected, rtol=1e-6)


def test_the_quantities_of_a_jet_are_those_of_its_four_vector() -> None:
    jets = some_jets()
    _, quantities, _ = jet_images(jets, 16, 0.8)
    energy, px, py, pz = jets.sum(axis=1).T
    np.testing.assert_allclose(quantities["pt"], np.hypot(px, py))
    mass = np.sqrt(energy**2 - px**2 - py**2 - pz**2)
    np.testing.assert_allclose(quantities["mass"], mass, rtol=1e-6)


def test_two_constituents_have_the_mass_and_width_of_the_textbook() -> None:
    # m^2 = 2 pt1 pt2 (cosh(d eta) - cos(d phi))
    jets = four_vectors(np.array([[100.0, 100.0]]), np.array([[0.3, -0.3]]), np.zeros((1, 2)))
    _, quantities, _ = jet_images(jets, 16, 0.8)
    assert quantities["mass"][0] == pytest.approx(np.sqrt(2e4 * (np.cosh(0.6) - 1)))
    assert quantities["width"][0] == pytest.approx(0.3)
    assert quantities["pt"][0] == pytest.approx(200)


def test_a_jet_without_constituents_is_a_blank_image() -> None:
    images, quantities, _ = jet_images(np.zeros((1, 5, 4)), 16, 0.8)
    assert images.sum() == 0
    assert all(values.tolist() == [0] for values in quantities.values())


def test_constituents_of_a_file_become_images_and_the_leading_ones_are_kept(
    tmp_path: Path,
) -> None:
    jets = some_jets().astype(np.float32)
    path = saved(tmp_path / "a.npz", x=jets)
    settings = IMAGES | {"layout": "constituents", "size": 16, "half_width": 0.8}
    found = Images({"file": path}, settings)
    assert (found.momentum_unit, found.length_unit) == ("GeV", "rad")
    (piece,) = found.pieces()
    np.testing.assert_array_equal(piece.images.dense(), jet_images(jets.astype(float), 16, 0.8)[0])
    assert piece.leading is not None
    assert piece.leading.shape == (50, LEADING, 4)
    pt = np.hypot(jets[..., 1], jets[..., 2])
    np.testing.assert_array_equal(
        np.hypot(piece.leading[..., 1], piece.leading[..., 2]), -np.sort(-pt, axis=1)[:, :LEADING]
    )


def test_constituents_beyond_the_number_asked_for_are_left_out(tmp_path: Path) -> None:
    jets = some_jets()
    path = saved(tmp_path / "a.npz", x=jets)
    few = read(path, layout="constituents", constituents=3, size=16)
    np.testing.assert_array_equal(few, jet_images(jets[:, :3], 16, IMAGES["half_width"])[0])


@pytest.mark.parametrize("shape", [(EVENTS, 4), (EVENTS, 5, 3), (EVENTS, 5, 4, 1)])
def test_an_array_that_holds_no_constituents_is_refused(tmp_path: Path, shape: tuple) -> None:
    path = saved(tmp_path / "a.npz", x=np.ones(shape))
    with pytest.raises(InputError, match=r"expected \(events, constituents, 4\)"):
        read(path, layout="constituents")


def test_a_momentum_that_is_no_number_is_named(tmp_path: Path) -> None:
    jets = some_jets(5)
    jets[3, 2, 1] = np.inf
    path = saved(tmp_path / "a.npz", x=jets)
    with pytest.raises(InputError, match=r"px inf at \(2,\) of event 3"):
        read(path, layout="constituents")
