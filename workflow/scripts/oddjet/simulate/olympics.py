"""Simulated events as all their particles, as in the R&D data set of the LHC Olympics.

Background: dijets of QCD. Signal: a W' of 3.5 TeV that decays to W and Z, both to quarks. (That
data set has a W' of the same mass that decays to X of 500 GeV and Y of 100 GeV, both to quarks:
arXiv:2101.08320.) 14 TeV, no detector, no pile-up. As there, an event has a leading anti-kt jet of
radius 1.0 above 1.2 TeV, and its hardest 700 particles are kept. Units: GeV, radians.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from oddjet.simulate.generators import (
    collisions,
    generators,
    known,
    pseudo_jets,
    visible_particles,
)

PROCESSES: dict[str, tuple[str, ...]] = {
    "dijet": ("HardQCD:all = on", "PhaseSpace:pTHatMin = 1150"),
    "wprime": (
        "NewGaugeBoson:ffbar2Wprime = on",
        "Wprime:coup2WZ = 1",
        "34:m0 = 3500",
        *("34:onMode = off", "34:onIfAll = 23 24"),
        *("24:onMode = off", "24:onIfAny = 1 2 3 4 5"),
        *("23:onMode = off", "23:onIfAny = 1 2 3 4 5"),
    ),
}
PARTICLES = 700
COORDINATES = 3  # pT, eta, phi
JET_RADIUS = 1.0
JET_MIN_PT = 1200.0


def generate_particles(process: str, count: int, seed: int) -> NDArray[np.float64]:
    """Simulate `count` events of a process of `PROCESSES`.

    Returns:
        pT, eta, phi of their particles, hardest first and padded with zeros, (count, 700, 3).

    Raises:
        ValueError: an unknown process.
        ImportError: Pythia or FastJet is not installed.
        RuntimeError: Pythia gives up.
    """
    settings = known(process, PROCESSES)
    pythia8, fastjet = generators()
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, JET_RADIUS)
    found = np.zeros((count, PARTICLES, COORDINATES))
    done = 0
    for event in collisions(pythia8, settings, seed):
        particles = visible_particles(event)
        clusters = fastjet.ClusterSequence(pseudo_jets(fastjet, particles), definition)
        if clusters.inclusive_jets(JET_MIN_PT):
            hardest = sorted(particles, key=_pt, reverse=True)[:PARTICLES]
            rows = [(one.pT(), one.eta(), one.phi()) for one in hardest]
            found[done, : len(rows)] = rows
            done += 1
        if done == count:
            break
    return found


def _pt(particle: Any) -> float:
    return float(particle.pT())
