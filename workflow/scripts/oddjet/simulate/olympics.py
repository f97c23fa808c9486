"""Simulated events as all their particles, as in the R&D data set of the LHC Olympics.

Background: dijets of QCD. Signal: a W' of 3.5 TeV that decays to X of 500 GeV and Y of 100 GeV,
both to quarks (arXiv:2101.08320). 14 TeV, no detector, no pile-up. As there, an event has a leading
anti-kt jet of radius 1.0 above 1.2 TeV, and its hardest 700 particles are kept. Units: GeV and
radians.
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
        # X and Y stand in the places of two Higgs bosons, a charged and a neutral one
        *("34:m0 = 3500", "34:oneChannel = 1 1 100 37 35"),
        *("37:m0 = 500", "37:doForceWidth = on", "37:mWidth = 1", "37:oneChannel = 1 1 100 2 -1"),
        *("35:m0 = 100", "35:doForceWidth = on", "35:mWidth = 1", "35:oneChannel = 1 1 100 1 -1"),
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
