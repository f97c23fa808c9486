"""Coordinates of constituents: whichever a file has them in, the jets are the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward
import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import uproot
from conftest import IMAGES

from oddjet.common.errors import InputError
from oddjet.planning.coordinates import SYSTEMS
from oddjet.prepare import arrays, sparse
from oddjet.prepare.images import Images, Piece

JETS, MOST = 30, 12
SETTINGS = IMAGES | {"layout": "constituents", "size": 16, "half_width": 0.8}


def every_coordinate(mass: float = 0.0) -> dict[str, np.ndarray]:
    """All coordinates of the same constituents by name, float64 (30, 12), zeros behind the last.

    Written out, without the library that the code uses. A massless particle has y = eta.
    """
    rng = np.random.default_rng(3)
    pt = rng.exponential(30, (JETS, MOST)) + 1
    axis = rng.uniform(-1.5, 1.5, (JETS, 1)), rng.uniform(-np.pi, np.pi, (JETS, 1))
    etarel, phirel = (rng.normal(0, 0.2, pt.shape) for _ in range(2))
    eta, phi = axis[0] + etarel, axis[1] + phirel
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + mass**2)
    there = np.arange(MOST) < rng.integers(1, MOST + 1, (JETS, 1))
    jet_pt = np.hypot((px * there).sum(1), (py * there).sum(1))[:, None]
    found = {"E": energy, "px": px, "py": py, "pz": pz, "pt": pt, "eta": eta, "phi": phi}
    found |= {"y": eta, "mass": np.full_like(pt, mass)}
    found |= {"ptrel": pt / jet_pt, "etarel": etarel, "phirel": phirel, "mask": np.ones_like(pt)}
    return {name: values * there for name, values in found.items()}


def stacked(names: tuple[str, ...], **more: float) -> np.ndarray:
    found = every_coordinate(**more)
    return np.stack([found[name] for name in names], axis=-1)


def read(path: Path, sample: dict[str, Any] | None = None, **settings: Any) -> Piece:
    (piece,) = Images({"file": path} | (sample or {}), SETTINGS | settings).pieces()
    return piece


def saved(path: Path, values: np.ndarray) -> Path:
    np.save(path, values)
    return path


@pytest.fixture
def expected(tmp_path: Path) -> Piece:
    return read(saved(tmp_path / "expected.npy", stacked(SYSTEMS[0])))


def agree(found: Piece, expected: Piece) -> None:
    """The same jets, up to the rounding of another way to compute them in double precision."""
    np.testing.assert_allclose(found.images.dense(), expected.images.dense(), atol=1e-6)
    for name in ("pt", "mass", "width"):
        np.testing.assert_allclose(
            found.features[name], expected.features[name], rtol=1e-6, atol=1e-4
        )
    np.testing.assert_allclose(found.leading, expected.leading, rtol=1e-5, atol=1e-4)


ABSOLUTE = [system for system in SYSTEMS if "ptrel" not in system]


@pytest.mark.parametrize("names", ABSOLUTE, ids=" ".join)
@pytest.mark.parametrize("turn", [0, 1])
def test_jets_are_the_same_in_any_coordinates_in_any_order(
    tmp_path: Path, expected: Piece, names: tuple[str, ...], turn: int
) -> None:
    names = (*names[turn:], *names[:turn])
    path = saved(tmp_path / "a.npy", stacked(names))
    agree(read(path, coordinates=list(names)), expected)


def test_energies_are_those_of_the_mass(tmp_path: Path) -> None:
    heavy = stacked(SYSTEMS[0], mass=2.0)
    path = saved(tmp_path / "a.npy", stacked(("pt", "eta", "phi", "mass"), mass=2.0))
    found = read(path, coordinates=["pt", "eta", "phi", "mass"])
    agree(found, read(saved(tmp_path / "b.npy", heavy)))
    assert found.leading is not None
    there = found.leading[..., 0] > 0
    squares = found.leading[there].astype(float) ** 2 @ [1, -1, -1, -1]
    np.testing.assert_allclose(squares, 4, atol=0.1)  # single precision of some 100 GeV


def test_positions_choose_among_other_columns(tmp_path: Path, expected: Piece) -> None:
    values = stacked(("mask", "phi", "pt", "mass", "eta"))
    values[..., 0] = np.nan  # in a column that is not named
    path = saved(tmp_path / "a.npy", values)
    agree(read(path, coordinates={"pt": 2, "eta": 4, "phi": 1}), expected)


def test_relative_coordinates_are_those_of_a_jet_of_unit_pt_along_the_x_axis(
    tmp_path: Path, expected: Piece
) -> None:
    names = ["etarel", "phirel", "ptrel", "mask"]
    path = saved(tmp_path / "a.npy", stacked(tuple(names)))
    images = Images({"file": path}, SETTINGS | {"coordinates": names})
    (found,) = images.pieces()
    assert images.momentum_unit == "jet pT"
    agree(found, read(path, coordinates=["eta", "phi", "pt", "mask"]))
    np.testing.assert_allclose(found.features["pt"], 1)
    # a turn around the beam and a boost along it change no mass
    masses = found.features["mass"] * expected.features["pt"]
    np.testing.assert_allclose(masses, expected.features["mass"], rtol=1e-6, atol=1e-4)


def test_what_the_mask_leaves_out_may_be_anything(tmp_path: Path, expected: Piece) -> None:
    names = ("pt", "eta", "phi", "mask")
    values = stacked(names)
    values[values[..., 3] == 0, :3] = np.nan
    path = saved(tmp_path / "a.npy", values)
    agree(read(path, coordinates=list(names)), expected)


def test_mev_become_gev(tmp_path: Path, expected: Piece) -> None:
    names = ("pt", "eta", "phi", "E")
    path = saved(tmp_path / "a.npy", stacked(names) * [1e3, 1, 1, 1e3])
    agree(read(path, coordinates=list(names), unit="MeV"), expected)


# Where they lie

PLACES = {"pt": "fjet_clus_pt", "eta": "fjet_clus_eta", "phi": "fjet_clus_phi"}


def separate() -> dict[str, np.ndarray]:
    found = every_coordinate()
    return {column: found[name] for name, column in PLACES.items()}


def lists() -> dict[str, list]:
    """By column, a list for each jet, without padding."""
    lengths = (separate()["fjet_clus_pt"] > 0).sum(1)
    return {
        column: [jet[:length].tolist() for jet, length in zip(values, lengths, strict=True)]
        for column, values in separate().items()
    }


def write_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for column, values in separate().items():
            file[f"jets/{column}"] = values
        file["labels"] = np.zeros(JETS)


def write_root(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["tree"] = {name: awkward.Array(values) for name, values in lists().items()}


WRITERS: dict[str, tuple[str, dict[str, str], Callable[[Path], object]]] = {
    "datasets": ("a.h5", {"key": "jets"}, write_hdf5),
    "arrays": ("a.npz", {}, lambda path: np.savez(path, **separate())),
    "lists in ROOT": ("a.root", {"key": "tree"}, write_root),
    "lists in Parquet": (
        "a.parquet",
        {},
        lambda path: pyarrow.parquet.write_table(pyarrow.table(lists()), path),
    ),
}


@pytest.mark.parametrize("piece_bytes", [1000, 2**20])
@pytest.mark.parametrize("kind", WRITERS)
def test_coordinates_may_lie_in_columns_or_arrays_of_their_own(
    tmp_path: Path, expected: Piece, monkeypatch: pytest.MonkeyPatch, kind: str, piece_bytes: int
) -> None:
    name, sample, write = WRITERS[kind]
    write(tmp_path / name)
    monkeypatch.setattr(arrays, "PIECE_BYTES", piece_bytes)
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", piece_bytes // 100)
    images = Images({"file": tmp_path / name} | sample, SETTINGS | {"coordinates": PLACES})
    found = np.concatenate([piece.images.dense() for piece in images.pieces()])
    np.testing.assert_allclose(found, expected.images.dense(), atol=1e-6)


def test_an_array_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    write_hdf5(tmp_path / "a.h5")
    with pytest.raises(InputError, match=r"no array 'jets/pt' but .*jets/fjet_clus_pt \(30, 12\)"):
        read(tmp_path / "a.h5", {"key": "jets"}, coordinates=PLACES | {"pt": "pt"})


def test_arrays_of_different_shapes_are_refused(tmp_path: Path) -> None:
    arrays = separate()
    np.savez(tmp_path / "a.npz", **arrays | {"fjet_clus_phi": arrays["fjet_clus_phi"][:, :5]})
    with pytest.raises(InputError, match=r"'fjet_clus_phi' of shape \(30, 5\).*the same shape"):
        read(tmp_path / "a.npz", coordinates=PLACES)


# What cannot be


@pytest.mark.parametrize("one_by_one", [False, True], ids=["last axis", "columns"])
def test_constituents_of_each_code_have_a_channel_and_all_others_one_behind_them(
    tmp_path: Path, one_by_one: bool
) -> None:
    names, codes = ["pt", "eta", "phi"], np.random.default_rng(5).choice([211, -11, 22, 130], 12)
    found = every_coordinate()
    plain = read(saved(tmp_path / "a.npy", stacked(tuple(names))), coordinates=names)
    columns = {name: found[name] for name in names} | {"id": np.broadcast_to(codes, (JETS, MOST))}
    if one_by_one:
        np.savez(tmp_path / "b.npz", **columns)
        path, named = tmp_path / "b.npz", {name: name for name in names} | {"code": "id"}
    else:
        path = saved(tmp_path / "b.npy", np.stack(list(columns.values()), axis=-1))
        named = dict(zip([*names, "code"], range(4), strict=True))
    piece = read(path, coordinates=named, one_hot={"codes": [22, 211]})
    images = piece.images.dense()
    assert images.shape == (JETS, 3, 16, 16)
    np.testing.assert_allclose(images.sum(axis=1, keepdims=True), plain.images.dense(), rtol=1e-5)
    of = {0: codes == 22, 1: codes == 211, 2: (codes == -11) | (codes == 130)}
    for channel, mask in of.items():
        share = (found["pt"] * mask).sum(axis=1) / found["pt"].sum(axis=1)
        np.testing.assert_allclose(piece.features[f"channel_{channel}"], share, rtol=1e-6)
        np.testing.assert_array_equal(images[:, channel].any(axis=(1, 2)), share > 0)
    for name in ("pt", "mass", "width", "tau21_1"):
        np.testing.assert_array_equal(piece.features[name], plain.features[name])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"eta": 12.0}, r"eta 12.0 at \(0,\) of event 4.*\|eta\| < 10"),
        ({"phi": 90.0}, r"phi 90.0 at \(0,\) of event 4.*\|phi\| < 6.29 in rad"),
        ({"pt": -1.0}, r"pt -1.0 at \(0,\) of event 4.*pt >= 0"),
        ({"pt": np.nan}, r"pt nan at \(0,\) of event 4.*finite"),
        ({"mass": -1.0}, r"mass -1.0 at \(0,\) of event 4.*mass >= 0"),
        ({"mask": 0.5}, r"mask 0.5 at \(0,\) of event 4.*1 where a constituent is"),
        ({"mask": np.nan}, r"mask nan at \(0,\) of event 4"),
    ],
)
def test_a_coordinate_that_none_can_have_is_named(
    tmp_path: Path, change: dict[str, float], found: str
) -> None:
    names = ["pt", "eta", "phi", "mass", "mask"]
    values = stacked(tuple(names))
    for name, value in change.items():
        values[4, 0, names.index(name)] = value
    path = saved(tmp_path / "a.npy", values)
    with pytest.raises(InputError, match=found):
        read(path, coordinates=names)


def test_energies_below_the_momenta_are_refused_in_other_coordinates_too(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", stacked(("pt", "eta", "phi", "E")) * [1, 1, 1, 0.5])
    with pytest.raises(InputError, match=r"energies E below.*expected pt, eta, phi, E, with E >="):
        read(path, coordinates=["pt", "eta", "phi", "E"])


def test_masses_that_are_particle_codes_are_refused(tmp_path: Path) -> None:
    values = stacked(("pt", "eta", "phi", "mass"))
    values[..., 3] = np.where(values[..., 0] > 0, 211, 0)
    path = saved(tmp_path / "a.npy", values)
    with pytest.raises(InputError, match=r"momenta .* of the energies E in the median jet"):
        read(path, coordinates=["pt", "eta", "phi", "mass"])


def test_a_last_axis_with_more_than_the_coordinates_asks_for_their_positions(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path / "a.npy", stacked(("pt", "y", "phi", "E")))
    with pytest.raises(InputError, match=r"(?s)constituents, 3\), of pt, y, phi.*\(pt: 0\)"):
        read(path, coordinates=["pt", "y", "phi"])
    with pytest.raises(InputError, match="constituents, more than 4"):
        read(path, coordinates={"pt": 0, "y": 1, "phi": 4})
