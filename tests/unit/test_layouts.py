"""Simulated samples in the layouts of public data sets."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from oddjet.simulate import layouts, simulation
from oddjet.simulate.simulation import Jets

PHOTON, ELECTRON, MUON, PION, NEUTRON = 22, 11, 13, 211, 2112
AXIS = (1.0, 3.1)  # eta and phi of every jet, near the seam of phi


def make_jets(*jets: list[Mapping[str, float]]) -> Jets:
    """Jets of 600 GeV along `AXIS`; constituents are photons of 10 GeV but for what is said."""
    default = {"pt": 10, "eta": AXIS[0], "phi": AXIS[1], "mass": 0, "charge": 0, "pdg_id": PHOTON}
    flat = [default | constituent for jet in jets for constituent in jet]
    truth = {name: np.zeros(len(jets), np.float32) for name in simulation.JET_QUANTITIES}
    truth["pt"] += 600
    truth["eta"], truth["phi"] = truth["eta"] + AXIS[0], truth["phi"] + AXIS[1]
    truth["mass"] += np.arange(len(jets), dtype=np.float32)
    return Jets(
        {
            name: np.array([constituent[name] for constituent in flat], kind)
            for name, kind in simulation.CONSTITUENT_QUANTITIES.items()
        },
        np.cumsum([0, *map(len, jets)]),
        truth,
    )


def numbered_jets(count: int) -> Jets:
    """Jets of one photon each; that of jet i has pT i + 1."""
    return make_jets(*([{"pt": number + 1}] for number in range(count)))


# Constituents


def test_four_momenta_are_those_of_massive_particles() -> None:
    jets = make_jets([{"pt": 3, "eta": 0, "phi": 0, "mass": 4}, {"pt": 2, "eta": 1, "phi": 2}])
    momenta = layouts.four_momenta(jets)
    assert momenta.shape == (1, 200, 4)
    assert momenta.dtype == np.float32
    np.testing.assert_allclose(momenta[0, 0], [5, 3, 0, 0], atol=1e-6)
    expected = [2 * np.cosh(1), 2 * np.cos(2), 2 * np.sin(2), 2 * np.sinh(1)]
    np.testing.assert_allclose(momenta[0, 1], expected, rtol=1e-6)


def test_four_momenta_of_each_jet_start_anew_and_end_with_zeros() -> None:
    jets = make_jets([{"pt": 9}, {"pt": 8}], [{"pt": 7}], [{"pt": 6}, {"pt": 5}, {"pt": 4}])
    momenta = layouts.four_momenta(jets, count=4)
    pt = np.hypot(momenta[..., 1], momenta[..., 2])
    np.testing.assert_allclose(pt, [[9, 8, 0, 0], [7, 0, 0, 0], [6, 5, 4, 0]], rtol=1e-6)


def test_of_more_constituents_than_there_is_room_for_the_hardest_are_kept() -> None:
    momenta = layouts.four_momenta(make_jets([{"pt": 9}, {"pt": 8}, {"pt": 7}]), count=2)
    pt = np.hypot(momenta[..., 1], momenta[..., 2])
    np.testing.assert_allclose(pt, [[9, 8]], rtol=1e-6)


def test_table_of_constituents_has_the_columns_of_the_reference_data_set(tmp_path: Path) -> None:
    labels = np.array([0, 1, 0, 0, 1], np.int8)
    layouts.write_constituents(tmp_path / "jets.h5", numbered_jets(5), labels)
    table = pd.read_hdf(tmp_path / "jets.h5", "table")
    assert list(table.columns[:5]) == ["E_0", "PX_0", "PY_0", "PZ_0", "E_1"]
    assert list(table.columns[-3:]) == ["PZ_199", "is_signal_new", "ttv"]
    assert table.shape == (5, 802)
    assert set(table.dtypes.astype(str)) == {"float32", "int64"}
    assert table["is_signal_new"].tolist() == labels.tolist()
    np.testing.assert_allclose(np.hypot(table["PX_0"], table["PY_0"]), range(1, 6), rtol=1e-6)
    assert not table["E_1"].any()


def test_table_can_be_read_by_rows(tmp_path: Path) -> None:
    layouts.write_constituents(tmp_path / "jets.h5", numbered_jets(5), np.zeros(5, np.int8))
    table = pd.read_hdf(tmp_path / "jets.h5", "table", start=2, stop=4)
    np.testing.assert_allclose(np.hypot(table["PX_0"], table["PY_0"]), [3, 4], rtol=1e-6)


def test_jets_of_each_label_are_split_60_20_20(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).permutation(np.repeat([0, 1], [50, 20])).astype(np.int8)
    layouts.write_constituents(tmp_path / "jets.h5", numbered_jets(70), labels)
    table = pd.read_hdf(tmp_path / "jets.h5", "table")
    counts = table.groupby("is_signal_new")["ttv"].value_counts()
    assert counts.to_dict() == {
        **{(0, layouts.TRAIN): 30, (0, layouts.TEST): 10, (0, layouts.VALIDATION): 10},
        **{(1, layouts.TRAIN): 12, (1, layouts.TEST): 4, (1, layouts.VALIDATION): 4},
    }


# Calorimeter images


def deposits(**constituent: float) -> list[list[float]]:
    """Channel, row, column and pT of each lit pixel of a jet of one constituent."""
    image = layouts.calorimeter_image(make_jets([constituent]), 0)
    assert image.shape == (125, 125, 3)
    assert image.dtype == np.float32
    return [[c, i, j, pytest.approx(image[i, j, c])] for i, j, c in np.argwhere(image)]


def test_photon_is_seen_by_the_electromagnetic_calorimeter_alone() -> None:
    assert deposits(pt=10, pdg_id=PHOTON) == [[0, 62, 62, 10]]


def test_electron_leaves_a_track_too() -> None:
    assert deposits(pt=10, pdg_id=-ELECTRON, charge=1) == [[0, 62, 62, 10], [2, 62, 62, 10]]


def test_muon_is_a_track_and_nothing_else() -> None:
    assert deposits(pt=10, pdg_id=MUON, charge=-1) == [[2, 62, 62, 10]]


def test_neutral_hadron_is_shared_out_among_the_crystals_of_a_tower() -> None:
    tower = [[1, i, j, 0.4] for i in range(60, 65) for j in range(60, 65)]
    assert deposits(pt=10, pdg_id=NEUTRON) == tower


def test_charged_hadron_is_seen_by_tower_and_tracker() -> None:
    found = deposits(pt=10, pdg_id=-PION, charge=-1)
    assert {channel for channel, *_ in found} == {1, 2}
    assert [2, 62, 62, 10] in found


def test_axis_1_of_a_calorimeter_image_is_eta_and_axis_2_is_phi_across_its_seam() -> None:
    eta, phi = AXIS[0] + 2 * layouts.CRYSTAL, AXIS[1] + 7 * layouts.CRYSTAL - 2 * np.pi
    assert deposits(pt=10, eta=eta, phi=phi) == [[0, 64, 69, 10]]


def test_particles_outside_the_window_are_not_seen() -> None:
    assert deposits(pt=10, eta=AXIS[0] + 1.1) == []


def test_calorimeter_file_is_chunked_compressed_and_labelled(tmp_path: Path) -> None:
    labels = np.array([0, 1, 1], np.int8)
    layouts.write_calorimeter(tmp_path / "jets.h5", numbered_jets(3), labels)
    with h5py.File(tmp_path / "jets.h5") as file:
        assert set(file) == {"X_jets", "y", "pt", "m0"}
        assert file["X_jets"].shape == (3, 125, 125, 3)
        assert file["X_jets"].dtype == np.float32
        assert file["X_jets"].chunks == (1, 125, 125, 3)
        assert file["X_jets"].compression == "gzip"
        np.testing.assert_allclose(file["X_jets"][:].sum((1, 2, 3)), [1, 2, 3])
        assert file["y"][:].tolist() == labels.tolist()
        assert file["pt"][:].tolist() == [600] * 3
        assert file["m0"][:].tolist() == [0, 1, 2]
    assert (tmp_path / "jets.h5").stat().st_size < 3 * 125 * 125 * 3 * 4 / 50


# Event images


def test_event_file_holds_the_images(tmp_path: Path) -> None:
    images = np.random.default_rng(1).normal(size=(7, 16, 16, 5)).astype(np.float32)
    layouts.write_events(tmp_path / "events.h5", images)
    with h5py.File(tmp_path / "events.h5") as file:
        assert set(file) == {"event_image_data"}
        np.testing.assert_array_equal(file["event_image_data"][:], images)
        assert file["event_image_data"].dtype == np.float32


# Same bytes


def write_events(path: Path) -> None:
    layouts.write_events(path, np.zeros((3, 16, 16, 5), np.float32))


def write_labelled(layout: str) -> Callable[[Path], None]:
    labels = np.array([0, 1, 1], np.int8)
    return lambda path: layouts.JET_LAYOUTS[layout](path, numbered_jets(3), labels)


@pytest.mark.parametrize(
    "write",
    [write_events, *map(write_labelled, layouts.JET_LAYOUTS)],
    ids=["events", *layouts.JET_LAYOUTS],
)
def test_samples_written_again_later_have_the_same_bytes(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    write(tmp_path / "first.h5")
    time.sleep(1.1)  # HDF5's own dates are in whole seconds
    write(tmp_path / "again.h5")
    assert (tmp_path / "first.h5").read_bytes() == (tmp_path / "again.h5").read_bytes()
