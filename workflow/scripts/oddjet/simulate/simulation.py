"""Simulated jets: Pythia 8 events, FastJet jets, jet images, labelled mixtures.

QCD jets and merged top jets as in the top-tagging reference data set (arXiv:1902.09914), without
a detector: 14 TeV proton collisions, anti-kt R = 0.8, leading jet of 550 to 650 GeV. Merged W jets
(W and a jet) and Higgs jets (to b quarks, beside a Z that escapes to neutrinos) in the same window.
Gluon and quark jets likewise, from gg -> gg and from qq -> qq, so that whichever parton the jet
comes from has the flavour. Pythia and FastJet are optional (both GPL) and needed only by
`generate_jets`.

Units: GeV for momenta and masses, radians for phi. Angular distances are in (eta, phi).
"""

import math
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.ndimage import gaussian_filter

from oddjet.common import hdf5_files
from oddjet.common.files import replacing
from oddjet.prepare.constituents import pixelate, wrap_phi
from oddjet.simulate.generators import (
    collisions,
    derive_seed,
    generators,
    known,
    pseudo_jets,
    visible_particles,
)

JET_RADIUS = 0.8
JET_PT = (550.0, 650.0)
JET_MAX_ETA = 2.0

TOP, W_BOSON, HIGGS, BOTTOM = 6, 24, 25, 5  # PDG codes


@dataclass(frozen=True)
class Process:
    """Settings of Pythia; of a heavy particle the jet must hold whole, its PDG code and quarks."""

    settings: tuple[str, ...]
    heavy: int | None = None
    quarks: int = 0


W_TO_QUARKS = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
PROCESSES = {
    "qcd": Process(("HardQCD:all = on",)),
    "top": Process(("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *W_TO_QUARKS), TOP, 3),
    "w": Process(
        ("WeakBosonAndParton:qqbar2Wg = on", "WeakBosonAndParton:qg2Wq = on", *W_TO_QUARKS),
        W_BOSON,
        2,
    ),
    "higgs": Process(
        (
            "HiggsSM:ffbar2HZ = on",
            *("25:onMode = off", "25:onIfMatch = 5 -5"),
            *("23:onMode = off", "23:onIfAny = 12 14 16"),
        ),
        HIGGS,
        2,
    ),
    "gluon": Process(("HardQCD:gg2gg = on",)),
    "quark": Process(("HardQCD:qq2qq = on",)),  # of any flavours, antiquarks too
}
# wider than JET_PT: showers and multi-parton interactions change a parton's pT
PHASE_SPACE = ("PhaseSpace:pTHatMin = 400", "PhaseSpace:pTHatMax = 900")

CONSTITUENT_QUANTITIES = {
    "pt": np.float32,
    "eta": np.float32,
    "phi": np.float32,
    "mass": np.float32,
    "charge": np.int8,
    "pdg_id": np.int32,
}
JET_QUANTITIES = ("pt", "eta", "phi", "mass", "constituents", "tau1", "tau2", "tau3")

# Smoothed pixels are whole multiples of this fraction of the jet's pT (about 0.04 GeV): their faint
# tails vanish, the files take a third of the space, and an image changes by 0.1 % (L2 norm).
PIXEL_STEP = 2.0**-14
AT_ONCE = 1000  # jets whose images are made together


@dataclass(frozen=True)
class Jets:
    """N jets and their constituents.

    `constituents` maps each of `CONSTITUENT_QUANTITIES` to a flat array of its type; those of jet i
    are the rows `offsets[i]:offsets[i + 1]`, hardest first, `offsets` being int64 of shape
    (N + 1,). `truth` maps each of `JET_QUANTITIES` to a float32 array of shape (N,).
    """

    constituents: dict[str, NDArray[Any]]
    offsets: NDArray[np.int64]
    truth: dict[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: ArrayLike) -> "Jets":
        """The jets with the given row numbers, in that order."""
        rows = np.asarray(rows, dtype=np.int64)
        lengths = np.diff(self.offsets)[rows]
        offsets = _offsets(lengths)
        flat = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Jets(
            {name: values[flat] for name, values in self.constituents.items()},
            offsets,
            {name: values[rows] for name, values in self.truth.items()},
        )


def _offsets(lengths: ArrayLike) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])


def concatenate(batches: Iterable[Jets]) -> Jets:
    """All jets of the batches, in order; no batches give no jets."""
    batches = list(batches)

    def join(kind: DTypeLike, arrays: Iterable[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([np.empty(0, kind), *arrays])

    return Jets(
        {
            name: join(kind, (batch.constituents[name] for batch in batches))
            for name, kind in CONSTITUENT_QUANTITIES.items()
        },
        _offsets(join(np.int64, (np.diff(batch.offsets) for batch in batches))),
        {q: join(np.float32, (batch.truth[q] for batch in batches)) for q in JET_QUANTITIES},
    )


# Events and jets


def generate_jets(process: str, count: int, seed: int) -> Jets:
    """Simulate `count` jets of a process of `PROCESSES` with the given Pythia seed.

    One jet per event: the leading one, of visible final particles, if its pT and eta lie within
    `JET_PT` and `JET_MAX_ETA`. A jet of a heavy particle must also be merged: the particle, the
    last copy in the event record, and its quarks within `JET_RADIUS` of the jet axis
    (arXiv:1902.09914).

    Raises:
        ValueError: an unknown process.
        ImportError: Pythia or FastJet is not installed.
        RuntimeError: Pythia gives up.
    """
    wanted = known(process, PROCESSES)
    pythia8, fastjet = generators()
    jets = []
    for event in collisions(pythia8, (*PHASE_SPACE, *wanted.settings), seed):
        jet, constituents = _leading_jet(fastjet, event)
        if jet is None or (wanted.heavy and not _is_merged(event, jet, wanted)):
            continue
        jets.append(_describe(fastjet, jet, constituents))
        if len(jets) == count:
            break
    return concatenate(jets)


def _leading_jet(fastjet: ModuleType, event: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The event's leading anti-kt jet and its particles, each as FastJet's and Pythia's.

    (None, []) if it lies outside the window.
    """
    particles = visible_particles(event)
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    clusters = fastjet.ClusterSequence(pseudo_jets(fastjet, particles), definition)
    jet = max(clusters.inclusive_jets(), key=lambda jet: jet.pt(), default=None)
    if jet is None or not JET_PT[0] < jet.pt() < JET_PT[1] or abs(jet.eta()) > JET_MAX_ETA:
        return None, []
    return jet, [(one, particles[one.user_index()]) for one in clusters.constituents(jet)]


def _is_merged(event: Any, jet: Any, process: Process) -> bool:
    """Whether a heavy particle's last copy and its quarks lie within the jet's radius."""

    def is_within(particle: Any) -> bool:
        dphi = wrap_phi(particle.phi() - jet.phi())
        return math.hypot(particle.eta() - jet.eta(), dphi) < JET_RADIUS

    for index in range(event.size()):
        heavy = event[index]
        if heavy.idAbs() != process.heavy or heavy.iBotCopyId() != index:
            continue
        decay = [event[daughter] for daughter in heavy.daughterList()]
        for particle in decay:
            if particle.idAbs() == W_BOSON:  # of a top
                last = event[particle.iBotCopyId()]
                decay += [event[daughter] for daughter in last.daughterList()]
        quarks = [particle for particle in decay if particle.idAbs() <= BOTTOM]
        if len(quarks) == process.quarks and all(is_within(one) for one in (heavy, *quarks)):
            return True
    return False


def _describe(fastjet: ModuleType, jet: Any, constituents: list[tuple[Any, Any]]) -> Jets:
    """A FastJet jet as `Jets` of length one, hardest constituent first."""
    constituents = sorted(constituents, key=lambda pair: pair[0].pt(), reverse=True)
    momenta = [momentum for momentum, _ in constituents]
    quantities = {
        "pt": jet.pt(),
        "eta": jet.eta(),
        "phi": jet.phi_std(),
        "mass": jet.m(),
        "constituents": len(constituents),
        **{f"tau{n}": n_subjettiness(fastjet, momenta, n) for n in (1, 2, 3)},
    }
    rows = [
        (
            momentum.pt(),
            momentum.eta(),
            momentum.phi_std(),
            particle.m(),
            particle.charge(),
            particle.id(),
        )
        for momentum, particle in constituents
    ]
    columns = zip(CONSTITUENT_QUANTITIES.items(), zip(*rows, strict=True), strict=True)
    return Jets(
        {name: np.array(values).astype(kind) for (name, kind), values in columns},
        _offsets([len(constituents)]),
        {name: np.array([quantities[name]], np.float32) for name in JET_QUANTITIES},
    )


def n_subjettiness(fastjet: ModuleType, constituents: list[Any], axes: int) -> float:
    """N-subjettiness tau_N of arXiv:1011.2268, beta = 1, with N exclusive kt axes.

    The pT-weighted mean distance in (rapidity, phi) from the constituents to their nearest axis,
    in units of the jet radius: near 0 for N or fewer prongs. The axes are not minimised.
    """
    # the largest radius leaves no particle to the beam: N subjets share all constituents.
    definition = fastjet.JetDefinition(fastjet.kt_algorithm, fastjet.JetDefinition.max_allowable_R)
    clusters = fastjet.ClusterSequence(constituents, definition)
    subjets = clusters.exclusive_jets_up_to(axes)
    pt, rapidity, phi = np.array([(p.pt(), p.rap(), p.phi()) for p in constituents]).T
    distances = [np.hypot(rapidity - s.rap(), wrap_phi(phi - s.phi())) for s in subjets]
    return float(np.sum(pt * np.min(distances, axis=0)) / (np.sum(pt) * JET_RADIUS))


# Files of jets


def write_jets(path: str | Path, jets: Jets) -> None:
    """Write jets to HDF5: groups `constituents` and `truth`, dataset `offsets`."""
    with replacing(path) as partial, hdf5_files.create(partial) as file:
        file["offsets"] = jets.offsets
        for group, columns in (("constituents", jets.constituents), ("truth", jets.truth)):
            for name, values in columns.items():
                file.create_dataset(f"{group}/{name}", data=values, compression="gzip")


def read_jets(paths: Iterable[str | Path]) -> Jets:
    """Read files of `write_jets` and join them in the given order."""

    def read(path: str | Path) -> Jets:
        with h5py.File(path) as file:
            return Jets(
                {name: file[f"constituents/{name}"][:] for name in CONSTITUENT_QUANTITIES},
                file["offsets"][:],
                {name: file[f"truth/{name}"][:] for name in JET_QUANTITIES},
            )

    return concatenate(read(path) for path in paths)


# Images


def jet_images(
    jets: Jets, size: int, half_width: float, smoothing: float, unit: str
) -> NDArray[np.float32]:
    """Images of the jets' constituent pT around the jet axis, float32 of shape (N, size, size).

    Axis 1 is eta, axis 2 is phi, both within `half_width` of the jet axis. `smoothing` is the
    width (one standard deviation, in pixels) of a Gaussian, 0 for none. `unit` is "GeV" or
    "fraction" (of the jet's pT). Smoothed pixels are rounded to multiples of `PIXEL_STEP`.

    Raises:
        ValueError: another unit.
    """
    if unit not in ("GeV", "fraction"):
        raise ValueError(f"unknown image unit {unit!r}; known are GeV and fraction")
    images = np.empty((len(jets), size, size), np.float32)
    for start in range(0, len(jets), AT_ONCE):
        some = jets.take(np.arange(start, min(start + AT_ONCE, len(jets))))
        jet = np.repeat(np.arange(len(some)), np.diff(some.offsets))
        pt, eta, phi = (some.truth[name][jet] for name in ("pt", "eta", "phi"))
        made = pixelate(
            *(jet, len(some), some.constituents["eta"] - eta),
            *(wrap_phi(some.constituents["phi"] - phi), some.constituents["pt"] / pt),
            *(size, half_width),
        )
        if smoothing:
            made = gaussian_filter(made, (0, smoothing, smoothing), mode="constant")
            made = np.round(made / PIXEL_STEP) * PIXEL_STEP
        scale = some.truth["pt"][:, None, None] if unit == "GeV" else 1
        images[start : start + len(some)] = made * scale
    return images


# Samples


def mix_samples(
    background: Jets,
    signal: Jets,
    normal: int,
    tests: Mapping[str, Mapping[str, float]],
    seed: int,
) -> dict[str, tuple[NDArray[np.int8], Jets]]:
    """Deal jets out to the samples: `normal` background jets, then each test; none is used twice.

    A test of `{events: n, fraction: f}` gets round(f * n) signal jets, in random order among its
    background jets. Returns the labels (0 normal, 1 anomalous) and the jets of each sample, by
    name.

    Raises:
        ValueError: too few jets, or a test called "normal".
    """
    if "normal" in tests:
        raise ValueError("a test may not be called 'normal', the name of the background sample")
    pool = concatenate([background, signal])
    labels = {"normal": np.zeros(normal, np.int8)}
    for name, test in tests.items():
        test_labels = np.zeros(int(test["events"]), np.int8)
        test_labels[: round(test["fraction"] * test["events"])] = 1
        generator = np.random.default_rng(derive_seed(seed, "mix", name))
        labels[name] = generator.permutation(test_labels)

    everything = np.concatenate(list(labels.values()))
    for label, kind, jets in ((0, "background", background), (1, "signal", signal)):
        needed = np.count_nonzero(everything == label)
        if needed > len(jets):
            raise ValueError(f"{needed} {kind} jets are needed, only {len(jets)} are there")
    # the n-th background event is the n-th background jet; the signal jets follow in the pool
    rows = np.where(
        everything, len(background) + np.cumsum(everything) - 1, np.cumsum(1 - everything) - 1
    )
    ends = np.cumsum([len(sample) for sample in labels.values()])
    parts = np.split(rows, ends[:-1])
    return {
        name: (sample, pool.take(part))
        for (name, sample), part in zip(labels.items(), parts, strict=True)
    }


def shuffle(background: Jets, signal: Jets, seed: int) -> tuple[NDArray[np.int8], Jets]:
    """All jets of two processes in random order: labels (0 background, 1 signal) and jets."""
    pool = concatenate([background, signal])
    order = np.random.default_rng(derive_seed(seed, "shuffle")).permutation(len(pool))
    return (order >= len(background)).astype(np.int8), pool.take(order)


def save_npz(path: str | Path, **arrays: NDArray[Any]) -> None:
    """Like `numpy.savez_compressed`, but as small as zip allows and all or nothing.

    The entries carry the zip epoch as date: same arrays, same bytes.
    """
    with (
        replacing(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, array in arrays.items():
            # an entry that is opened by name is dated 1980-01-01
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
