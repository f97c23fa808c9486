"""The coordinates that constituents may have in a file, by name, and where in it they lie."""

from collections.abc import Mapping, Sequence
from typing import Any

CONSTITUENTS = "constituents"  # the layout of arrays that have them
# may stand beside any of them
MASK = "mask"  # 1 where there is a constituent, 0 where there is none
CODE = "code"  # of what a constituent is, such as its PDG code
BESIDE = {MASK, CODE}
# what makes up a four-vector; without energy or mass constituents are massless
SYSTEMS = (
    ("E", "px", "py", "pz"),
    ("pt", "eta", "phi"),
    ("pt", "eta", "phi", "E"),
    ("pt", "eta", "phi", "mass"),
    ("pt", "y", "phi"),
    ("ptrel", "etarel", "phirel"),
)
RELATIVE = frozenset(SYSTEMS[-1])  # to their jet: shares of its pT, distances from its axis


def are_relative(names: Sequence[str]) -> bool:
    """Whether coordinates are relative to those of the jet."""
    return set(names) - BESIDE == RELATIVE


def make_a_vector(names: Sequence[str]) -> bool:
    """Whether coordinates, in any order, are those of one of `SYSTEMS`."""
    return set(names) - BESIDE in map(set, SYSTEMS)


def systems() -> str:
    """All of `SYSTEMS` in words."""
    return "; ".join(" ".join(system) for system in SYSTEMS)


def positions(coordinates: Sequence[str] | Mapping[str, Any]) -> list[int] | None:
    """Where each coordinate is in the last axis of an array.

    None where they are all of it, in their order, or have columns of their own.
    """
    found = _places(coordinates)
    return [place for place in found if isinstance(place, int)] or None


def columns(coordinates: Sequence[str] | Mapping[str, Any]) -> list[str] | None:
    """The column, or the array, of each coordinate; None where they have none of their own."""
    return [place for place in _places(coordinates) if isinstance(place, str)] or None


def _places(coordinates: Sequence[str] | Mapping[str, Any]) -> list[Any]:
    return list(coordinates.values()) if isinstance(coordinates, Mapping) else []
