"""Simulated events: objects in cells and, where Pythia is installed, the events themselves."""

import math
import sys

import numpy as np
import pytest

from oddjet.simulate import events

JET, ELECTRON, MUON, PHOTON = 1, 2, 3, 4  # object codes


def row(pt: float, phi: float = 0.1, eta: float = 0.1, mass: float = 0, code: int = JET) -> list:
    return [pt, phi, eta, mass, code]


# Images


def test_event_without_objects_is_an_empty_image() -> None:
    image = events.event_image(np.empty((0, 5)))
    assert image.shape == (16, 16, 5)
    assert image.dtype == np.float32
    assert not image.any()


def test_cell_holds_pt_phi_eta_mass_and_code_of_its_object() -> None:
    image = events.event_image(np.array([row(50, 0.3, -0.7, 8, MUON)]))
    ((i, j),) = np.argwhere(image[..., 0])
    np.testing.assert_allclose(image[i, j], [50, 0.3, -0.7, 8, MUON], rtol=1e-6)


def test_axis_1_is_eta_and_axis_2_is_phi() -> None:
    image = events.event_image(np.array([row(50, phi=-math.pi + 0.01, eta=3.19)]))
    assert np.argwhere(image[..., 0]).tolist() == [[15, 0]]


def test_axis_2_covers_the_whole_circle() -> None:
    phi = np.linspace(-math.pi, math.pi, 33)
    image = events.event_image(np.array([row(50, phi=angle) for angle in phi]))
    (lit,) = np.unique(np.argwhere(image[..., 0])[:, 0])
    assert lit == 8
    assert image[lit, :, 0].all()


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_of_several_objects_in_a_cell_the_hardest_is_kept(order: list[int]) -> None:
    objects = np.array([row(20), row(70, code=PHOTON), row(30)])
    image = events.event_image(objects[order])
    assert image[..., 0].max() == 70
    assert np.count_nonzero(image[..., 4]) == 1
    assert image[..., 4].max() == PHOTON


# Isolated electrons, muons and photons


def codes(*particles: tuple[float, float, float, int]) -> list[int]:
    """The codes of particles of the given pT, phi, eta and PDG code."""
    return events.single_codes(*np.array(particles, float).T).tolist()


@pytest.mark.parametrize(("pdg_id", "code"), [(-11, ELECTRON), (13, MUON), (22, PHOTON), (211, 0)])
def test_isolated_particle_has_the_code_of_its_kind(pdg_id: int, code: int) -> None:
    assert codes((20, 0, 0, pdg_id)) == [code]


def test_particle_amid_others_is_no_object_of_its_own() -> None:
    assert codes((20, 0, 0, 13), (11, 0.2, 0, 211)) == [0, 0]
    assert codes((20, 0, 0, 13), (9, 0.2, 0, 211)) == [MUON, 0]


def test_what_lies_further_away_disturbs_no_isolation() -> None:
    assert codes((20, 0, 0, 13), (100, 0.4, 0, 211)) == [MUON, 0]


def test_isolation_sees_across_the_seam_of_phi() -> None:
    assert codes((20, 3.1, 0, 13), (100, -3.1, 0, 211)) == [0, 0]


@pytest.mark.parametrize("particle", [(4, 0, 0, 11), (20, 0, 3.3, 11)])
def test_soft_or_forward_particle_is_no_object(particle: tuple[float, float, float, int]) -> None:
    assert codes(particle) == [0]


# Pythia and FastJet


def test_an_unknown_process_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown process 'qcd'; known are zero_bias, ttbar"):
        events.generate_events("qcd", 1, seed=1)


def test_missing_pythia_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    with pytest.raises(ImportError, match=r"pip install -r requirements-simulation\.txt"):
        events.generate_events("zero_bias", 1, seed=1)


@pytest.fixture
def installed() -> None:
    for module in ("pythia8mc", "fastjet"):
        pytest.importorskip(module, reason=f"{module} is in requirements-simulation.txt")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("process", events.PROCESSES)
def test_objects_lie_in_their_cells_above_their_thresholds(process: str) -> None:
    images = events.generate_events(process, 5, seed=1)
    assert images.shape == (5, 16, 16, 5)
    objects = images[images[..., 4] > 0]
    assert len(objects) > 5
    assert set(objects[:, 4]) <= {JET, ELECTRON, MUON, PHOTON}
    jet = objects[:, 4] == JET
    assert (objects[jet, 0] >= 8).all()
    assert (objects[~jet, 0] > 5).all()
    assert (abs(objects[:, 2]) < 3.2).all()
    for image in images:
        np.testing.assert_array_equal(events.event_image(image[image[..., 4] > 0]), image)


@pytest.mark.usefixtures("installed")
def test_signal_events_hold_more_than_the_pile_up_that_lies_over_them() -> None:
    zero_bias, ttbar = (events.generate_events(p, 10, seed=1) for p in ("zero_bias", "ttbar"))
    assert ttbar[..., 0].sum() > 2 * zero_bias[..., 0].sum()


@pytest.mark.usefixtures("installed")
def test_same_pythia_seed_gives_the_same_events_and_another_seed_others() -> None:
    first, again, other = (events.generate_events("zero_bias", 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
