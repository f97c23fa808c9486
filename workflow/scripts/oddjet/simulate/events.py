"""Simulated collision events as images of their objects, as a trigger would see them.

The background is what a zero-bias trigger keeps, any crossing of the beams: on average `PILE_UP`
inelastic collisions (Poisson) at once, 14 TeV, no detector. A single one leaves 87% of the images
empty; of those with pile-up 4% are, and half have 4 to 19 objects. A signal event is a hard
collision on top of the same pile-up.

Objects, within `MAX_ETA`: isolated electrons, muons and photons from `SINGLE_MIN_PT`, and anti-kt
jets of radius 0.4 of all other particles from `JET_MIN_PT`. Momenta in GeV, angles in radians.
"""

import math
from collections.abc import Iterable
from itertools import chain, islice
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddjet.prepare.constituents import wrap_phi
from oddjet.simulate.generators import (
    collisions,
    derive_seed,
    generators,
    known,
    pseudo_jets,
    visible_particles,
)

Floats = NDArray[np.float64]

SOFT = ("SoftQCD:inelastic = on",)
PROCESSES: dict[str, tuple[str, ...]] = {
    "zero_bias": (),
    "ttbar": ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"),
    "zprime": (  # a Z' of 1 TeV that decays to quarks
        "NewGaugeBoson:ffbar2gmZZprime = on",
        "Zprime:gmZmode = 3",  # neither the photon nor the Z
        "32:m0 = 1000",
        "32:onMode = off",
        "32:onIfAny = 1 2 3 4 5",
    ),
}
PILE_UP = 15.0

JET_RADIUS = 0.4
JET_MIN_PT = 8.0
SINGLE_MIN_PT = 5.0
ISOLATION_RADIUS = 0.3
ISOLATION_MAX = 0.5  # pT of the other particles within that radius, relative to its own

PIXELS = 16  # along eta and along phi, which so are 0.4 and 0.39 wide
MAX_ETA = 3.2
CHANNELS = ("pt", "phi", "eta", "mass", "code")
JET = 1
SINGLES = {11: 2, 13: 3, 22: 4}  # PDG code: object code


def generate_events(process: str, count: int, seed: int) -> NDArray[np.float32]:
    """Simulate images of `count` events of a process of `PROCESSES`, as `event_image` makes them.

    Raises:
        ValueError: an unknown process.
        ImportError: Pythia or FastJet is not installed.
        RuntimeError: Pythia gives up.
    """
    settings = known(process, PROCESSES)
    pythia8, fastjet = generators()
    hard = collisions(pythia8, settings, seed) if settings else iter(())
    soft = collisions(pythia8, SOFT, derive_seed(seed, "pile-up"))
    pile_up = np.random.default_rng(seed).poisson(PILE_UP, count)
    images = np.empty((count, PIXELS, PIXELS, len(CHANNELS)), np.float32)
    for image, overlaid in zip(images, pile_up, strict=True):
        image[:] = event_image(_objects(fastjet, chain(islice(hard, 1), islice(soft, overlaid))))
    return images


def _objects(fastjet: ModuleType, overlaid: Iterable[Any]) -> NDArray[np.float64]:
    """The objects of overlaid collisions, a row of `CHANNELS` each."""
    momenta: list[Any] = []
    rows: list[tuple[float, ...]] = []
    for event in overlaid:
        particles = visible_particles(event)
        momenta += pseudo_jets(fastjet, particles)
        rows += [(p.pT(), p.phi(), p.eta(), p.m(), p.id()) for p in particles]
    found = np.array(rows).reshape(-1, len(CHANNELS))
    found[:, -1] = single_codes(*found.T[[0, 1, 2, 4]])

    rest = [momentum for momentum, code in zip(momenta, found[:, -1], strict=True) if not code]
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    clusters = fastjet.ClusterSequence(rest, definition)
    jets = [
        (
            jet.pt(),
            jet.phi_std(),
            jet.eta(),
            max(jet.m(), 0.0),
            JET,
        )  # rounding may make it negative
        for jet in clusters.inclusive_jets(JET_MIN_PT)
        if abs(jet.eta()) < MAX_ETA
    ]
    return np.concatenate([found[found[:, -1] > 0], np.reshape(jets, (-1, len(CHANNELS)))])


def single_codes(pt: Floats, phi: Floats, eta: Floats, pdg_id: Floats) -> NDArray[np.int64]:
    """The object code of each particle that is an object by itself, 0 for the others.

    These are electrons, muons and photons from `SINGLE_MIN_PT` within `MAX_ETA`, if the other
    particles within `ISOLATION_RADIUS` carry less than `ISOLATION_MAX` of their pT. All arrays have
    the shape (n,).
    """
    codes = np.zeros(len(pt), np.int64)
    for kind, code in SINGLES.items():
        likely = (np.abs(pdg_id) == kind) & (pt > SINGLE_MIN_PT) & (np.abs(eta) < MAX_ETA)
        for one in np.flatnonzero(likely):
            distance = np.hypot(eta - eta[one], wrap_phi(phi - phi[one]))
            around = pt[distance < ISOLATION_RADIUS].sum() - pt[one]
            if around < ISOLATION_MAX * pt[one]:
                codes[one] = code
    return codes


def event_image(objects: NDArray[np.float64]) -> NDArray[np.float32]:
    """Image of an event's objects, float32 of shape (`PIXELS`, `PIXELS`, 5).

    Axis 1 is eta, within `MAX_ETA`; axis 2 is phi, all of it, from -pi on. A cell holds the
    `CHANNELS` of the hardest object in it, zeros if there is none.

    Args:
        objects: a row for each, of shape (n, 5), the columns being `CHANNELS`.
    """
    image = np.zeros((PIXELS, PIXELS, len(CHANNELS)), np.float32)
    objects = objects[np.argsort(objects[:, 0])]  # of several in a cell the last one stays
    phi, eta = objects[:, 1], objects[:, 2]
    row = np.floor((eta + MAX_ETA) / (2 * MAX_ETA) * PIXELS).astype(int)
    column = np.floor((phi + math.pi) / (2 * math.pi) * PIXELS).astype(int) % PIXELS
    image[row, column] = objects
    return image
