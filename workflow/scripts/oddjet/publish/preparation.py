"""How the jets of a run were prepared, as those who score others of the kind have to know."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from oddjet.planning.coordinates import CONSTITUENTS


@dataclass(frozen=True)
class Preparation:
    """How a sample was prepared.

    Attributes:
        images: the configuration's `images`; of jets found in events, as those are stored.
        steps: of the preprocessing, `crop` in raw pixels or None.
        row: shape of a row of the raw files: (H, W), (H, W, C), (C, H, W), or (k, coordinates).
        shape: (C, H, W) of an image of it.
    """

    images: Mapping[str, Any]
    steps: Mapping[str, Any]
    row: tuple[int, ...]
    shape: tuple[int, int, int]

    @classmethod
    def read(cls, prepared: str | Path) -> "Preparation":
        """That of a prepared sample."""
        with h5py.File(prepared) as sample:
            configuration = json.loads(sample.attrs["configuration"])
            crop = sample.attrs.get("crop")
            channels, height, width = sample.attrs["raw_shape"].tolist()
            row = tuple(sample.attrs["row_shape"].tolist())
        steps = configuration["preprocessing"] | {"crop": None if crop is None else int(crop)}
        return cls(configuration["images"], steps, row, (channels, height, width))

    @property
    def of_constituents(self) -> bool:
        return bool(self.images["layout"] == CONSTITUENTS)

    @property
    def rows(self) -> dict[str, Any]:
        """Of arrays as they lie in files: `type`, and `shape`, names where any size may be."""
        of = self.of_constituents
        last = ["k", *self.row[1:]] if of else list(self.row)
        return {"type": "float64" if of else "float32", "shape": ["N", *last]}
