"""Pythia 8 and FastJet: found, started and seeded, and the particles of their events.

Both are optional (GPL) and imported only when `generators` is called. Units: GeV, radians.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

PARTICLE_MIN_PT = 0.5
PARTICLE_MAX_ETA = 5.0

PYTHIA_SETTINGS = ("Beams:eCM = 14000", "Print:quiet = on", "Random:setSeed = on")
PYTHIA_MAX_SEED = 900_000_000
MAX_FAILED_EVENTS = 100


def generators() -> tuple[ModuleType, ModuleType]:
    """The modules of Pythia 8 and FastJet.

    Raises:
        ImportError: one of them is not installed.
    """
    try:
        import fastjet
        import pythia8mc
    except ImportError as error:
        raise ImportError(
            "a simulation needs Pythia 8 and FastJet. "
            "Hint: pip install -r requirements-simulation.txt"
        ) from error
    return pythia8mc, fastjet


def derive_seed(seed: int, *labels: str | int) -> int:
    """A Pythia seed (1 to 900,000,000) for each part of a simulation.

    It depends on nothing but its arguments, so a batch is the same wherever and whenever it runs.
    """
    text = "/".join(str(part) for part in (seed, *labels))
    digest = hashlib.sha256(text.encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % PYTHIA_MAX_SEED


def collisions(pythia8: ModuleType, settings: Iterable[str], seed: int) -> Iterator[Any]:
    """Pythia's event record of one proton collision after another, without end.

    Each is valid until the next is asked for. The few that Pythia fails to complete are left out.

    Raises:
        RuntimeError: Pythia refuses a setting, cannot start, or gives up.
    """
    pythia = pythia8.Pythia("", False)  # its default settings, no banner
    for setting in (*PYTHIA_SETTINGS, *settings, f"Random:seed = {seed}"):
        if not pythia.readString(setting):
            raise RuntimeError(f"Pythia does not accept the setting {setting!r}")
    if not pythia.init():
        raise RuntimeError("Pythia could not be initialised")
    failed = 0
    while failed < MAX_FAILED_EVENTS:
        if pythia.next():
            yield pythia.event
        else:
            failed += 1
    raise RuntimeError(f"Pythia failed to complete {failed} events")


def known(process: str, processes: Mapping[str, T]) -> T:
    """What a table of processes says of one.

    Raises:
        ValueError: it is not in there.
    """
    if process not in processes:
        raise ValueError(f"unknown process {process!r}; known are {', '.join(processes)}")
    return processes[process]


def visible_particles(event: Any) -> list[Any]:
    """The final particles of an event that a detector would see."""
    return [
        particle
        for particle in event
        if particle.isFinal()
        and particle.isVisible()
        and particle.pT() > PARTICLE_MIN_PT
        and abs(particle.eta()) < PARTICLE_MAX_ETA
    ]


def pseudo_jets(fastjet: ModuleType, particles: Iterable[Any]) -> list[Any]:
    """Pythia's particles as FastJet's, each with its place among them as user index."""
    made = []
    for index, particle in enumerate(particles):
        made.append(fastjet.PseudoJet(particle.px(), particle.py(), particle.pz(), particle.e()))
        made[-1].set_user_index(index)
    return made
