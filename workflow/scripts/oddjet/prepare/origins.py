"""Where the jets of a sample are from: which events of its raw files, and which jets of them."""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from oddjet.prepare.arrays import RawArray
from oddjet.prepare.weights import Unweighting


@dataclass(frozen=True)
class Origins:
    """Of the N rows that a sample is prepared from.

    Attributes:
        event: the row in the raw files, one behind the other, ascending, (N,) int64.
        jet: which jet of the event by its pT, from 1 on, (N,) int8; None where a row is a jet.
        counts: how many rows each of the raw files has.
        chosen, effective, lost: as of `Unweighting`, of events.
        missing: how many jets were asked of events that have none such.
    """

    event: np.ndarray
    jet: np.ndarray | None
    counts: tuple[int, ...]
    chosen: int
    effective: float
    lost: float
    missing: int = 0

    @classmethod
    def of_rows(cls, raw: RawArray, unweighting: Unweighting) -> "Origins":
        """Those of rows of raw files themselves."""
        event = unweighting.rows.astype(np.int64)
        found = unweighting.chosen, unweighting.effective, unweighting.lost
        return cls(event, None, raw.counts, *found)

    @classmethod
    def read(cls, file: str | Path) -> "Origins":
        """Those of jets that were found in events, from their file."""
        with h5py.File(file) as source:
            counts = tuple(int(count) for count in source.attrs["source_events"])
            return cls(
                source["event"][:],
                source["jet"][:],
                counts,
                int(source.attrs["chosen"]),
                float(source.attrs["effective"]),
                float(source.attrs["statistics_lost"]),
                int(source.attrs["missing_jets"]),
            )

    @property
    def source(self) -> np.ndarray:
        """The number of the file that each is from, (N,) int32."""
        behind = np.cumsum(self.counts)  # the first row behind each file
        return np.searchsorted(behind, self.event, side="right").astype(np.int32)

    def write(self, target: h5py.Group, place: np.ndarray) -> None:
        """Write where the rows at `place` are from, and how all of them came about."""
        target["event"], target["source"] = self.event[place], self.source[place]
        if self.jet is not None:
            target["jet"] = self.jet[place]
        target.attrs.update(
            raw_events=sum(self.counts),
            source_events=self.counts,
            chosen=self.chosen,
            effective=self.effective,
            statistics_lost=self.lost,
            missing_jets=self.missing,
        )
