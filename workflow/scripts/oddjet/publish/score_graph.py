"""The whole road of a jet, from a row of a user's file to its anomaly score, as one module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import torch
from torch import Tensor, nn

from oddjet.planning.coordinates import CONSTITUENTS
from oddjet.publish.preprocessing_graph import Preprocessing, RawConstituents, RawImages
from oddjet.train.models.base import Autoencoder, Loss
from oddjet.train.normalisation import MinMax
from oddjet.train.scoring import Mahalanobis


@dataclass(frozen=True)
class Preparation:
    """How a sample was prepared.

    Attributes:
        images: the configuration's `images`.
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


class Scorer(nn.Module):
    """Anomaly scores and latent vectors of raw jets.

    Args:
        preparation: of the samples that the model was trained on.
        normalisation, model: as `training.load` gives them.
        error: the reconstruction error that is the model's score.
        distance: of latents, if that is the anomaly score and not the error.
    """

    def __init__(
        self,
        preparation: Preparation,
        normalisation: MinMax,
        model: Autoencoder,
        error: Loss,
        distance: Mahalanobis | None = None,
    ) -> None:
        super().__init__()
        images, steps = preparation.images, preparation.steps
        self.raw: nn.Module = (
            RawConstituents(images)
            if preparation.of_constituents
            else RawImages(images, preparation.row)
        )
        self.preprocessing = Preprocessing(steps, preparation.shape, steps["crop"])
        self.normalisation, self.model, self.error = normalisation, model, error
        self.distance = distance

    def forward(self, jets: Tensor) -> tuple[Tensor, Tensor]:
        """Score raw jets, float32 (n, ...) of images or float64 (n, k, coordinates).

        Returns:
            Scores (n,) and latent vectors (n, d), both float32, and NaN where there is no jet that
            could be scored: where the workflow leaves a row out or refuses what is in it.
        """
        images, usable = self.raw(jets)
        images = torch.where(usable[:, None, None, None], images, 0.0)
        pixels = images.flatten(1)
        prepared = self.preprocessing(images)
        scored = (pixels.amin(1) != pixels.amax(1)) & (prepared.flatten(1) != 0).any(1)
        score, latent = self.model.score(self.normalisation(prepared), self.error)
        if self.distance is not None:
            score = self.distance(latent)
        nan = float("nan")
        return torch.where(scored, score, nan), torch.where(scored[:, None], latent, nan)
