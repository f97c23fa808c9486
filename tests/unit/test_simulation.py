"""Simulated jets: images, mixtures, files, and (where Pythia is installed) the jets themselves."""

import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from oddjet.simulate import events, generators, layouts, simulation
from oddjet.simulate.simulation import Jets

QCD_PT, TOP_PT = 560.0, 640.0  # tells the two apart after mixing


def make_jets(count: int, pt: float = 600.0, seed: int = 0) -> Jets:
    """Jets of three to ten random constituents near phi = pi, numbered by their mass."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(3, 11, count)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    flat = int(offsets[-1])
    truth = {name: np.zeros(count, np.float32) for name in simulation.JET_QUANTITIES}
    truth["pt"] += pt
    truth["eta"] += 1.0
    truth["phi"] += 3.0
    truth["mass"] += np.arange(count, dtype=np.float32)
    return Jets(
        {
            "pt": generator.uniform(1, 100, flat).astype(np.float32),
            "eta": generator.normal(1.0, 0.2, flat).astype(np.float32),
            "phi": simulation.wrap_phi(generator.normal(3.0, 0.2, flat)).astype(np.float32),
            "mass": np.full(flat, 0.14, np.float32),
            "charge": generator.integers(-1, 2, flat).astype(np.int8),
            "pdg_id": generator.choice([-211, 22, 130, 211], flat).astype(np.int32),
        },
        offsets,
        truth,
    )


def make_single_jet(eta: float, phi: float, axis: tuple[float, float] = (0.0, 0.0)) -> Jets:
    """One jet of 600 GeV along `axis` with one constituent of 300 GeV at (eta, phi)."""
    jet = make_jets(1).take([0])
    jet.truth["eta"][:], jet.truth["phi"][:] = axis
    columns = {"pt": 300.0, "eta": eta, "phi": phi, "mass": 0, "charge": 0, "pdg_id": 22}
    kinds = simulation.CONSTITUENT_QUANTITIES
    constituents = {name: np.array([value], kinds[name]) for name, value in columns.items()}
    return Jets(constituents, np.array([0, 1]), jet.truth)


def image(jets: Jets, **changes: object) -> np.ndarray:
    settings = {"size": 20, "half_width": 2.0, "smoothing": 0, "unit": "fraction"}
    return simulation.jet_images(jets, **(settings | changes))


# Images


def test_image_is_float32_of_the_size_asked_for() -> None:
    images = image(make_jets(3), size=12)
    assert images.shape == (3, 12, 12)
    assert images.dtype == np.float32


def test_image_sums_to_the_constituents_pt_in_either_unit() -> None:
    jets = make_jets(20)
    total = np.add.reduceat(jets.constituents["pt"], jets.offsets[:-1])
    np.testing.assert_allclose(image(jets, unit="GeV").sum((1, 2)), total, rtol=1e-5)
    np.testing.assert_allclose(image(jets).sum((1, 2)), total / 600, rtol=1e-5)


def test_axis_1_of_an_image_is_eta_and_axis_2_is_phi() -> None:
    # pixels of 0.2: eta 0.3 is the second above the middle, phi -0.5 the third below it
    (pixels,) = image(make_single_jet(0.3, -0.5))
    assert np.argwhere(pixels).tolist() == [[11, 7]]
    assert pixels[11, 7] == 0.5


def test_image_is_centred_on_the_jet_axis_across_the_seam_of_phi() -> None:
    (pixels,) = image(make_single_jet(1.7, -3.1, axis=(1.4, 3.1)))
    assert np.argwhere(pixels).tolist() == [[11, 10]]


def test_constituents_outside_the_window_are_left_out() -> None:
    assert not image(make_single_jet(2.1, 0.0)).any()


def test_smoothing_spreads_the_pt_but_keeps_its_sum() -> None:
    jets = make_jets(5)
    sharp, smooth = image(jets, size=50), image(jets, size=50, smoothing=1.0)
    assert np.count_nonzero(smooth) > 5 * np.count_nonzero(sharp)
    assert smooth.max() < sharp.max()
    np.testing.assert_allclose(smooth.sum((1, 2)), sharp.sum((1, 2)), rtol=1e-2)


def test_smoothed_pixels_are_whole_steps_close_to_the_exact_values() -> None:
    jets = make_jets(5)
    steps = image(jets, smoothing=1.0) / simulation.PIXEL_STEP
    np.testing.assert_array_equal(steps, np.round(steps))
    exact = gaussian_filter(image(jets).astype(float), (0, 1.0, 1.0), mode="constant")
    np.testing.assert_allclose(steps, exact / simulation.PIXEL_STEP, atol=0.501)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown image unit 'MeV'"):
        image(make_jets(1), unit="MeV")


# Jets and their files


def test_taken_jets_keep_their_own_constituents() -> None:
    jets = make_jets(10)
    taken = jets.take([7, 2])
    assert len(taken) == 2
    assert taken.truth["mass"].tolist() == [7, 2]
    np.testing.assert_array_equal(image(taken), image(jets)[[7, 2]])


def test_concatenated_jets_follow_each_other() -> None:
    first, second = make_jets(4, seed=1), make_jets(3, seed=2)
    both = simulation.concatenate([first, second])
    np.testing.assert_array_equal(image(both), np.concatenate([image(first), image(second)]))


def test_no_batches_give_no_jets() -> None:
    assert len(simulation.concatenate([])) == 0


def test_jets_read_from_files_are_those_that_were_written(tmp_path: Path) -> None:
    first, second = make_jets(4, seed=1), make_jets(3, seed=2)
    simulation.write_jets(tmp_path / "1.h5", first)
    simulation.write_jets(tmp_path / "2.h5", second)
    read = simulation.read_jets([tmp_path / "1.h5", tmp_path / "2.h5"])
    expected = simulation.concatenate([first, second])
    np.testing.assert_array_equal(read.offsets, expected.offsets)
    for name, kind in simulation.CONSTITUENT_QUANTITIES.items():
        np.testing.assert_array_equal(read.constituents[name], expected.constituents[name])
        assert read.constituents[name].dtype == kind
    for name in simulation.JET_QUANTITIES:
        np.testing.assert_array_equal(read.truth[name], expected.truth[name])


def test_batch_file_keeps_constituents_ragged(tmp_path: Path) -> None:
    jets = make_jets(4)
    simulation.write_jets(tmp_path / "jets.h5", jets)
    with h5py.File(tmp_path / "jets.h5") as file:
        assert set(file) == {"constituents", "offsets", "truth"}
        assert len(file["constituents/pt"]) == jets.offsets[-1]


def test_arrays_saved_on_another_day_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = {"pixels": image(make_jets(5)), "labels": np.array([0, 1], np.int8)}
    simulation.save_npz(tmp_path / "today.npz", **arrays)
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(later))
    simulation.save_npz(tmp_path / "later.npz", **arrays)
    assert (tmp_path / "today.npz").read_bytes() == (tmp_path / "later.npz").read_bytes()
    with np.load(tmp_path / "today.npz") as file:
        assert set(file) == {"pixels", "labels"}
        np.testing.assert_array_equal(file["pixels"], arrays["pixels"])
        assert file["labels"].dtype == np.int8


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    simulation.save_npz(tmp_path / "file.npz", values=np.arange(3))
    before = (tmp_path / "file.npz").read_bytes()
    with pytest.raises(ValueError, match="allow_pickle"):
        simulation.save_npz(tmp_path / "file.npz", values=np.array([object()]))
    assert [path.name for path in tmp_path.iterdir()] == ["file.npz"]
    assert (tmp_path / "file.npz").read_bytes() == before


# Mixtures

TESTS = {"low": {"events": 50, "fraction": 0.3}, "high": {"events": 30, "fraction": 0.65}}


def mix(seed: int = 1, tests: dict[str, dict[str, float]] = TESTS) -> dict:
    qcd, top = make_jets(100, QCD_PT, seed=1), make_jets(60, TOP_PT, seed=2)
    return simulation.mix_samples(qcd, top, normal=40, tests=tests, seed=seed)


def test_samples_have_their_events_and_the_rounded_number_of_tops() -> None:
    tops = {name: (len(jets), int(labels.sum())) for name, (labels, jets) in mix().items()}
    assert tops == {"normal": (40, 0), "low": (50, 15), "high": (30, round(0.65 * 30))}


def test_labels_say_which_jets_are_tops() -> None:
    for labels, jets in mix().values():
        assert labels.dtype == np.int8
        np.testing.assert_array_equal(jets.truth["pt"], np.where(labels, TOP_PT, QCD_PT))


def test_no_jet_is_used_twice() -> None:
    pairs = [
        (pt, number)
        for _, jets in mix().values()
        for pt, number in zip(jets.truth["pt"], jets.truth["mass"], strict=True)
    ]
    assert len(set(pairs)) == len(pairs) == 120


def test_tops_lie_in_random_order_among_the_rest() -> None:
    labels, _ = mix()["low"]
    assert np.count_nonzero(np.diff(labels)) > 5


def test_same_seed_gives_the_same_mixtures_and_another_seed_others() -> None:
    first, again, other = mix(seed=1), mix(seed=1), mix(seed=2)
    for name in TESTS:
        np.testing.assert_array_equal(first[name][0], again[name][0])
        np.testing.assert_array_equal(image(first[name][1]), image(again[name][1]))
        assert (first[name][0] != other[name][0]).any()


def test_a_test_without_tops_needs_none() -> None:
    samples = simulation.mix_samples(
        make_jets(30), simulation.concatenate([]), 10, {"null": {"events": 20, "fraction": 0}}, 1
    )
    assert not samples["null"][0].any()


def test_too_few_jets_are_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="95 signal jets are needed, only 60"):
        mix(tests={"test": {"events": 100, "fraction": 0.95}})


def test_a_test_named_like_the_normal_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="may not be called 'normal'"):
        mix(tests={"normal": {"events": 10, "fraction": 0.5}})


# Two processes, shuffled


def test_shuffled_jets_are_all_there_once_each_with_its_label() -> None:
    qcd, top = make_jets(30, QCD_PT, seed=1), make_jets(20, TOP_PT, seed=2)
    labels, jets = simulation.shuffle(qcd, top, seed=1)
    assert labels.dtype == np.int8
    np.testing.assert_array_equal(jets.truth["pt"], np.where(labels, TOP_PT, QCD_PT))
    for label, count in ((0, 30), (1, 20)):
        assert sorted(jets.truth["mass"][labels == label]) == list(range(count))
    assert np.count_nonzero(np.diff(labels)) > 5


def test_same_seed_gives_the_same_order_and_another_seed_another() -> None:
    jets = make_jets(30, seed=1), make_jets(20, seed=2)
    first, again, other = (simulation.shuffle(*jets, seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_every_batch_has_its_own_valid_pythia_seed() -> None:
    seeds = [
        generators.derive_seed(seed, process, batch)
        for seed in (1, 2)
        for process in (*simulation.PROCESSES, *events.PROCESSES)
        for batch in range(100)
    ]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) >= 1
    assert max(seeds) <= 900_000_000


def test_seeds_stay_the_same_from_version_to_version() -> None:
    assert generators.derive_seed(2026, "qcd", 0) == 672661201


# Pythia and FastJet


def test_an_unknown_process_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown process 'muon'; known are qcd, top"):
        simulation.generate_jets("muon", 1, seed=1)


def test_missing_pythia_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    with pytest.raises(ImportError, match=r"pip install -r requirements-simulation\.txt"):
        simulation.generate_jets("qcd", 1, seed=1)


@pytest.fixture
def installed() -> None:
    for module in ("pythia8mc", "fastjet"):
        pytest.importorskip(module, reason=f"{module} is in requirements-simulation.txt")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("process", simulation.PROCESSES)
def test_jets_lie_in_the_window_and_hold_their_constituents(process: str) -> None:
    jets = simulation.generate_jets(process, 5, seed=1)
    assert len(jets) == 5
    truth = jets.truth
    assert ((truth["pt"] > 550) & (truth["pt"] < 650) & (abs(truth["eta"]) < 2)).all()
    np.testing.assert_array_equal(truth["constituents"], np.diff(jets.offsets))
    assert (jets.constituents["pt"] > 0.5).all()
    scalar_sum = np.add.reduceat(jets.constituents["pt"], jets.offsets[:-1])
    assert ((scalar_sum > 0.999 * truth["pt"]) & (scalar_sum < 1.3 * truth["pt"])).all()
    assert all(((truth[tau] > 0) & (truth[tau] < 1)).all() for tau in ("tau1", "tau2", "tau3"))


@pytest.mark.usefixtures("installed")
def test_constituents_are_particles_that_add_up_to_their_jet() -> None:
    jets = simulation.generate_jets("qcd", 5, seed=1)
    momenta = layouts.four_momenta(jets, count=500).astype(float).sum(1)
    mass = np.sqrt(momenta[:, 0] ** 2 - (momenta[:, 1:] ** 2).sum(1))
    np.testing.assert_allclose(np.hypot(*momenta.T[1:3]), jets.truth["pt"], rtol=1e-5)
    np.testing.assert_allclose(mass, jets.truth["mass"], rtol=1e-3)
    assert {22, 211, -211} <= set(jets.constituents["pdg_id"].tolist())
    charged = np.isin(np.abs(jets.constituents["pdg_id"]), (11, 13, 211, 321, 2212))
    assert (np.abs(jets.constituents["charge"][charged]) == 1).all()
    assert not jets.constituents["charge"][jets.constituents["pdg_id"] == 22].any()


@pytest.mark.usefixtures("installed")
def test_gluon_jets_have_more_constituents_than_quark_jets() -> None:
    gluon, quark = (
        simulation.generate_jets(process, 40, seed=1).truth["constituents"].mean()
        for process in ("gluon", "quark")
    )
    assert gluon > 1.2 * quark


@pytest.mark.usefixtures("installed")
def test_same_pythia_seed_gives_the_same_jets_and_another_seed_others() -> None:
    first, again, other = (simulation.generate_jets("qcd", 2, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.constituents["pt"], again.constituents["pt"])
    assert (first.truth["pt"] != other.truth["pt"]).all()


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("process", "low", "high"), [("top", 160, 200), ("w", 70, 95), ("higgs", 105, 140)]
)
def test_merged_jets_weigh_as_much_as_their_particle(process: str, low: int, high: int) -> None:
    assert low < np.median(simulation.generate_jets(process, 15, seed=1).truth["mass"]) < high


@pytest.mark.usefixtures("installed")
def test_three_particles_are_three_prongs() -> None:
    import fastjet

    particles = [
        fastjet.PseudoJet(100.0, y, z, 101.0) for y, z in ((0.0, 0.0), (9.0, 3.0), (-5.0, 9.0))
    ]
    assert simulation.n_subjettiness(fastjet, particles, 3) == pytest.approx(0, abs=1e-9)
    assert simulation.n_subjettiness(fastjet, particles, 1) > 0.02
