"""Jets found in files of events: clustered once, and known by their event and their place in it.

FastJet is an optional extra. Jets lie far apart here, so that a toy in its place finds the same;
where FastJet is installed, the two are compared.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import IMAGES

from oddjet.common.errors import InputError
from oddjet.common.scorefiles import identities_in, rows_of
from oddjet.prepare import arrays, jet_finding
from oddjet.prepare.images import Images
from oddjet.prepare.jet_finding import find_jets
from oddjet.prepare.samples import (
    check_together,
    prepare_normal,
    prepare_test,
    prepare_truth,
    sources,
)
from oddjet.publish.preparation import Preparation
from oddjet.simulate.layouts import write_particles

EVENTS, EACH = 60, 8  # particles of a jet
AXES = np.array([0.3, 2.4, 4.5])  # in phi
PT = np.array([400.0, 250.0, 30.0])
SETTINGS = IMAGES | {"layout": "constituents", "coordinates": ["pt", "eta", "phi"], "size": 16}
CLUSTER = {"algorithm": "anti-kt", "radius": 1.0, "jets": [1], "min_pt": 0.0}
STEPS = {"centre": True, "rotate": True, "flip": True, "crop": None, "size": 16}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}
JETS_OF = np.arange(EVENTS) % 3 + 1  # event 0 has one, event 1 two, event 2 three
LABELS = np.arange(EVENTS) % 4 == 0


def toy(
    _: Any, vectors: np.ndarray, counts: np.ndarray, cluster: Mapping[str, Any]
) -> Callable[[int], tuple[np.ndarray, Sequence[np.ndarray]]]:
    """As `jet_finding._clustered`: each particle belongs to the nearest of the axes."""
    jets = []
    for event in np.split(vectors, np.cumsum(counts)[:-1]):
        apart = abs(np.exp(1j * np.arctan2(event[:, 2], event[:, 1]))[:, None] - np.exp(1j * AXES))
        nearest = apart.argmin(axis=1)
        groups = [np.flatnonzero(nearest == axis) for axis in range(len(AXES))]
        pt = [np.hypot(*event[group, 1:3].sum(axis=0)) for group in groups]
        order = [axis for axis in np.argsort(pt)[::-1] if pt[axis] > cluster["min_pt"]]
        jets.append([groups[axis] for axis in order])

    def of(number: int) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        having = [event for event, found in enumerate(jets) if len(found) >= number]
        return np.array(having, int), [jets[event][number - 1] for event in having]

    return of


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jet_finding, "_fastjet", lambda _: None)
    monkeypatch.setattr(jet_finding, "_clustered", toy)


def events() -> np.ndarray:
    """pT, eta, phi (60, 24, 3) of particles of up to three jets, in any order."""
    rng = np.random.default_rng(3)
    share = rng.dirichlet(np.ones(EACH), (EVENTS, 3))
    pt = share * PT[:, None]
    pt[np.arange(3) >= JETS_OF[:, None]] = 0
    eta, phi = rng.normal(0, 0.1, pt.shape), AXES[:, None] + rng.normal(0, 0.1, pt.shape)
    there = pt > 0
    made = np.stack([pt, eta * there, phi * there], axis=-1).reshape(EVENTS, -1, 3)
    return made[:, rng.permutation(3 * EACH)]


def vectors_of(event: int, jet: int) -> np.ndarray:
    """E, px, py, pz (8, 4) of a jet, hardest first."""
    pt, eta, phi = events()[event].T
    there = pt > 0
    apart = abs(np.exp(1j * phi) - np.exp(1j * AXES[jet - 1]))
    pt, eta, phi = (values[there & (apart < 0.8)] for values in (pt, eta, phi))
    order = np.argsort(-pt)
    pt, eta, phi = pt[order], eta[order], phi[order]
    parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(parts, axis=-1)


def write(place: Path, rows: slice = slice(None)) -> str:
    weights = np.linspace(0.1, 1, EVENTS)
    np.savez(place, X=events()[rows], y=LABELS[rows], w=weights[rows])
    return str(place)


def sample(*files: str, **more: Any) -> dict[str, Any]:
    return {"file": list(files), "key": "X", "cluster": CLUSTER} | more


def found(place: Path, given: dict[str, Any], images: dict[str, Any] = SETTINGS) -> dict[str, Any]:
    """All datasets and attributes of what is found."""
    find_jets(given, images, place)
    with h5py.File(place) as file:
        return {name: item[:] for name, item in file.items()} | dict(file.attrs)


@pytest.mark.usefixtures("finder")
@pytest.mark.parametrize("jets", [[1], [2], [1, 2], [3, 1]])
def test_jets_that_are_asked_for_are_found_and_known_by_their_event(
    tmp_path: Path, jets: list[int]
) -> None:
    file = write(tmp_path / "a.npz")
    there = found(tmp_path / "found.h5", sample(file, cluster=CLUSTER | {"jets": jets}))
    expected = [(e, j) for e in range(EVENTS) for j in sorted(jets) if j <= JETS_OF[e]]
    assert list(zip(there["event"], there["jet"], strict=True)) == expected
    assert there["missing_jets"] == len(jets) * EVENTS - len(expected)
    assert there["constituents"].shape == (len(expected), SETTINGS["constituents"], 4)
    for one, (event, jet) in zip(there["constituents"], expected, strict=True):
        np.testing.assert_allclose(one[:EACH], vectors_of(event, jet), rtol=1e-6)
        assert not one[EACH:].any()


@pytest.mark.usefixtures("finder")
def test_found_jets_do_not_depend_on_files_or_on_how_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sample(write(tmp_path / "a.npz"), weight="w", where={"y": 0}, rows=[2, 55])
    parts = [write(tmp_path / f"{n}.npz", rows) for n, rows in enumerate((slice(9), slice(9, 60)))]
    expected = found(tmp_path / "one.h5", whole)
    assert set(expected["event"]) <= set(range(2, 55)) - set(np.flatnonzero(LABELS))
    assert 5 < len(expected["event"]) < expected["chosen"] < 53
    monkeypatch.setattr(arrays, "PIECE_BYTES", 1000)
    others = found(tmp_path / "two.h5", whole | {"file": parts})
    np.testing.assert_array_equal(others["source"], expected["event"] >= 9)
    for name in ("constituents", "event", "jet", "chosen", "effective", "statistics_lost"):
        np.testing.assert_array_equal(others[name], expected[name])


@pytest.mark.usefixtures("finder")
def test_events_are_read_from_tables_of_numbered_columns_as_from_arrays(tmp_path: Path) -> None:
    expected = found(tmp_path / "one.h5", sample(write(tmp_path / "a.npz"), where={"y": 0}))
    write_particles(tmp_path / "olympics.h5", events(), LABELS.astype(np.int8))
    with h5py.File(tmp_path / "olympics.h5") as file:
        assert file["df/block0_values"].shape == (EVENTS, 9 * EACH + 1)
    frame = pd.read_hdf(tmp_path / "olympics.h5")
    frame.to_hdf(tmp_path / "table.h5", key="events", format="table")
    np.save(tmp_path / "flat.npy", frame.to_numpy())
    label = str(9 * EACH)
    for name, where in (
        ("olympics.h5", {label: 0}),
        ("table.h5", {label: 0}),
        ("flat.npy", None),
    ):
        given = {"file": [str(tmp_path / name)], "cluster": CLUSTER}
        given |= {"where": where} if where else {"rows": [0, EVENTS]}
        there = found(tmp_path / "two.h5", given)
        kept = slice(None) if where else ~LABELS[there["event"]]
        np.testing.assert_array_equal(there["event"][kept], expected["event"])
        np.testing.assert_array_equal(there["constituents"][kept], expected["constituents"])


@pytest.mark.usefixtures("finder")
def test_prepared_jets_and_their_truth_are_known_by_event_file_and_jet(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.npz", rows) for n, rows in enumerate((slice(9), slice(9, 60)))]
    given = sample(*files, cluster=CLUSTER | {"jets": [1, 2]})
    find_jets(given, SETTINGS, tmp_path / "found.h5")
    read = {"file": [str(tmp_path / "found.h5")], "cluster": given["cluster"]}
    normal, test, like, truth = (tmp_path / f"{n}.h5" for n in ("normal", "test", "like", "truth"))
    prepare_normal(read, SETTINGS, normal, STEPS, SPLIT)
    prepare_test(read, SETTINGS, test, STEPS, normal)
    prepare_test(read, SETTINGS, like, STEPS | {"flip": False}, normal, like=test)
    prepare_truth({"file": files, "key": "y"}, test, truth)
    with h5py.File(test) as one, h5py.File(like) as other, h5py.File(truth) as known:
        event, jet = one["event"][:], one["jet"][:]
        assert list(zip(event, jet, strict=True)) == [
            (e, j) for e in range(EVENTS) for j in (1, 2) if j <= JETS_OF[e]
        ]
        np.testing.assert_array_equal(one["source"][:], event >= 9)
        np.testing.assert_array_equal(known["label"][:], LABELS[event])
        np.testing.assert_array_equal(identities_in(other), identities_in(one))
        np.testing.assert_allclose(one["features/pt"][:], PT[jet - 1], rtol=0.02)
        some = np.array([0, 4, 5, 30])
        np.testing.assert_array_equal(rows_of(one, identities_in(one)[some]), some)
    rows = check_together(normal, {"a": str(test)}, [files, files], 0.2, 10, 0.1)
    assert "20 jets are missing" in rows[0]["warnings"]
    assert [row["events"] for row in sources({"a": test}, [files])] == [9, 51]


@pytest.mark.usefixtures("finder")
def test_what_is_published_reads_found_jets_in_the_coordinates_that_they_are_stored_in(
    tmp_path: Path,
) -> None:
    given, images = sample(write(tmp_path / "a.npz")), SETTINGS | {"unit": "MeV"}
    find_jets(given, images, tmp_path / "found.h5")
    file = {"file": [str(tmp_path / "found.h5")]}
    prepare_normal(file | {"cluster": CLUSTER}, images, tmp_path / "normal.h5", STEPS, SPLIT)
    preparation = Preparation.read(tmp_path / "normal.h5")
    assert preparation.images["coordinates"] == ["E", "px", "py", "pz"]
    (piece,) = Images(file | {"key": "constituents"}, preparation.images).pieces()
    with h5py.File(tmp_path / "normal.h5") as prepared:
        for name, values in piece.features.items():
            np.testing.assert_array_equal(values.astype(np.float32), prepared["features"][name])


@pytest.mark.usefixtures("finder")
def test_events_without_a_jet_are_counted_and_samples_of_them_refused(tmp_path: Path) -> None:
    several = events()
    several[10:20] = 0
    np.savez(tmp_path / "a.npz", X=several)
    there = found(tmp_path / "found.h5", sample(str(tmp_path / "a.npz")))
    assert (len(there["event"]), there["missing_jets"]) == (50, 10)
    assert not set(range(10, 20)) & set(there["event"])
    for more in ({"rows": [10, 20]}, {"cluster": CLUSTER | {"min_pt": 1000.0}}):
        with pytest.raises(InputError, match=r"a\.npz: found none of \d+ events with a jet 1 of"):
            find_jets(sample(str(tmp_path / "a.npz"), **more), SETTINGS, tmp_path / "no.h5")
    assert not (tmp_path / "no.h5").exists()


@pytest.mark.usefixtures("finder")
def test_constituents_of_a_jet_are_limited_and_particles_of_an_event_are_not(
    tmp_path: Path,
) -> None:
    images = SETTINGS | {"constituents": 3}
    there = found(tmp_path / "found.h5", sample(write(tmp_path / "a.npz")), images)
    assert there["constituents"].shape == (EVENTS, 3, 4)
    for event, one in enumerate(there["constituents"]):
        np.testing.assert_allclose(one, vectors_of(event, 1)[:3], rtol=1e-6)


@pytest.mark.usefixtures("finder")
def test_particles_that_are_none_are_named_by_their_event(tmp_path: Path) -> None:
    several = events()
    several[7, 2, 0] = -1
    np.savez(tmp_path / "a.npz", X=several)
    with pytest.raises(InputError, match=r"found pt -1\.0 at \(2,\) of event 7"):
        find_jets(sample(str(tmp_path / "a.npz")), SETTINGS, tmp_path / "no.h5")


def test_missing_fastjet_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastjet", None)
    with pytest.raises(InputError, match=r"Hint: pip install -r requirements-clustering\.txt"):
        find_jets(sample(write(tmp_path / "a.npz")), SETTINGS, tmp_path / "no.h5")


@pytest.mark.parametrize("algorithm", jet_finding.ALGORITHMS)
def test_fastjet_finds_the_same_jets_as_the_toy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    pytest.importorskip("fastjet", reason="fastjet is in requirements-clustering.txt")
    cluster = {"algorithm": algorithm, "radius": 1.0, "jets": [1, 2, 3], "min_pt": 20.0}
    given = sample(write(tmp_path / "a.npz"), cluster=cluster)
    made = found(tmp_path / "found.h5", given)
    monkeypatch.setattr(jet_finding, "_clustered", toy)
    expected = found(tmp_path / "toy.h5", given)
    for name in ("event", "jet", "constituents", "missing_jets"):
        np.testing.assert_array_equal(made[name], expected[name])
