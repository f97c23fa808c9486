"""Constituents of jets, and particles of events, as raw files have them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.coordinates import CODE, MASK, are_relative, columns, positions
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.constituents import check_constituents, check_momenta
from oddjet.prepare.four_vectors import four_vectors, strange
from oddjet.prepare.raw import open_array, open_columns, open_particles

# in the file of jets that were found in events
FOUND_KEY, FOUND_COORDINATES = "constituents", ["E", "px", "py", "pz"]


def of_found_jets(
    sample: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sample and the configuration's `images` as they are for what `jet_finding` wrote."""
    found = {"coordinates": FOUND_COORDINATES, "unit": "GeV"}
    return {"file": sample["file"], "key": FOUND_KEY}, dict(settings) | found


def unusable(
    raw: RawArray,
    rows: np.ndarray,
    values: np.ndarray,
    marked: np.ndarray,
    what: str,
    wanted: str,
    hint: str,
) -> InputError:
    """What to say of the first of the marked values (n, ...) of some rows."""
    where = tuple(int(i) for i in np.argwhere(marked)[0])
    file, row = raw.origin(int(rows[where[0]]))
    return InputError(
        file,
        f"{what} {values[where]} at {where[1:]} of event {row} in '{raw.key}'",
        wanted,
        hint,
    )


class Coordinates:
    """Which coordinates of constituents, or of the particles of events, a sample has, and where.

    Attributes:
        names: of the coordinates.
        raw: the array that holds them.
        momentum_unit: of the four-vectors.
        codes: of constituents that have a channel of their own in images.

    Args:
        sample: as `Images` takes it; with `cluster` its files hold events.
        settings: the configuration's `images`.

    Raises:
        InputError: the file cannot be used, or has an array of another shape.
    """

    def __init__(self, sample: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.names = list(settings["coordinates"])
        self.unit, self.most = settings["unit"], settings["constituents"]
        self.momentum_unit = "jet pT" if are_relative(self.names) else "GeV"
        opened, own = (sample["file"], sample.get("key")), columns(settings["coordinates"])
        found = positions(settings["coordinates"])
        if own:
            self.raw = open_columns(*opened, own, self.most)
        elif "cluster" in sample and not found:
            each = len(self.names)
            self.raw = open_particles(*opened, settings["columns"], each, self.most)
        else:
            self.raw = open_array(*opened, settings["columns"], self.most)
        check_constituents(self.raw, self.names, found)
        self.positions = found or list(range(len(self.names)))
        self.codes = settings["one_hot"]["codes"] if CODE in self.names else []

    def four_vectors(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """E, px, py, pz, float64 (n, k, 4), of the rows' values, checked.

        Raises:
            InputError: numbers that no such coordinate can have.
        """
        named = self._named(values)
        named.pop(CODE, None)
        if MASK in named:
            # what lies where there is nothing does not matter
            there = named[MASK] != 0
            named = {name: np.where(there, found, 0) for name, found in named.items()}
        for name, marked, wanted, hint in strange(named):
            if marked.any():
                raise unusable(self.raw, rows, named[name], marked, name, wanted, hint)
        named.pop(MASK, None)
        vectors = four_vectors(named, self.unit)
        check_momenta(self.raw, vectors, self.names)
        return vectors

    def channels(self, values: np.ndarray) -> np.ndarray | None:
        """The channel of each constituent, (n, k): by its code, or behind them for all others.

        None where there is one channel.
        """
        if not self.codes:
            return None
        found = self._named(values)[CODE]
        channel = np.full(found.shape, len(self.codes))
        for number, code in enumerate(self.codes):
            channel[found == code] = number
        return channel

    def _named(self, values: np.ndarray) -> dict[str, np.ndarray]:
        values = values[:, : self.most, self.positions].astype(np.float64)
        return dict(zip(self.names, np.moveaxis(values, -1, 0), strict=True))
