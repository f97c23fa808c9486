"""Four-vectors of constituents, from the coordinates that a file has them in."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from oddjet.planning.coordinates import MASK

UNITS = {"GeV": 1.0, "MeV": 1e-3}  # in GeV
# as scikit-hep's vector knows them; a massless particle's rapidity is its pseudorapidity
ALIASES = {"y": "eta", "ptrel": "pt", "etarel": "eta", "phirel": "phi"}
# Beyond lies the beam itself: protons of 7 TeV have a rapidity of ln(14000 / 0.938) = 9.6. Angles
# may be counted from 0 to a full turn, and be rounded.
LIMITS = {"eta": (10.0, ""), "phi": (2 * np.pi + 0.01, " in rad")}


class Strange(NamedTuple):
    """Values of the coordinate `name` that none can have, `marked` (n, k)."""

    name: str
    marked: np.ndarray
    expected: str
    hint: str


def strange(values: Mapping[str, np.ndarray]) -> Iterator[Strange]:
    """Find what is impossible in coordinates (n, k) by name; pT is 0 where no constituent is."""
    order = "say in images.coordinates which column is which, and the unit in images.unit."
    padding = "pad jets with zeros, or name the mask in images.coordinates."
    for name, found in values.items():
        kind = ALIASES.get(name, name)
        yield Strange(name, ~np.isfinite(found), "finite momenta", padding)
        if kind == MASK:
            yield Strange(
                name, (found != 0) & (found != 1), "1 where a constituent is, else 0", order
            )
        elif kind in ("pt", "mass"):
            yield Strange(name, found < 0, f"{name} >= 0", padding)
        elif kind in LIMITS:
            limit, unit = LIMITS[kind]
            pt = values["ptrel" if "ptrel" in values else "pt"]
            marked = (pt != 0) & (abs(found) > limit)
            yield Strange(name, marked, f"|{name}| < {limit:.3g}{unit}", order)


def four_vectors(values: Mapping[str, np.ndarray], unit: str) -> np.ndarray:
    """E, px, py, pz in GeV, (n, k, 4), zeros where no momentum is.

    Args:
        values: coordinates of one of `planning.coordinates.SYSTEMS` by name, float64 (n, k);
            without energy or mass the constituents are massless. pT of relative ones are shares of
            the jet's and stay so.
        unit: of momenta, energies and masses, one of `UNITS`.
    """
    known = {ALIASES.get(name, name): found for name, found in values.items()}
    if "pt" in known:
        import vector  # here, because it takes long, and E, px, py, pz need none

        there = known["pt"] != 0
        known = {name: np.where(there, found, 0) for name, found in known.items()}
        found: Any = vector.array(known)
        energy = found.E if {"E", "mass"} & set(known) else found.mag
        parts = [energy, found.px, found.py, found.pz]
    else:
        parts = [known[name] for name in ("E", "px", "py", "pz")]
    return np.stack(parts, axis=-1) * UNITS[unit]
