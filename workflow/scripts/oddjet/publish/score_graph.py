"""The whole road of a jet, from a row of a user's file to its anomaly score, as one module."""

import copy
import math

import torch
from numpy.polynomial.legendre import leggauss
from torch import Tensor, nn

from oddjet.publish.preparation import Preparation
from oddjet.publish.preprocessing_graph import Preprocessing, RawConstituents, RawImages
from oddjet.train.models.base import Autoencoder, Loss
from oddjet.train.normalisation import MinMax
from oddjet.train.scoring import Mahalanobis


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
        self.normalisation, self.error = normalisation, error
        self.model = copy.deepcopy(model).to(model.SCORED_IN)
        if torch.float64 == model.SCORED_IN:
            _replace_gelu(self.model)
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
        inputs = self.normalisation(prepared.to(self.model.SCORED_IN))
        score, latent = (found.float() for found in self.model.score(inputs, self.error))
        if self.distance is not None:
            score = self.distance(latent)
        nan = float("nan")
        return torch.where(scored, score, nan), torch.where(scored[:, None], latent, nan)


class _Gelu(nn.Module):
    """GELU in double precision, for which onnxruntime has no error function.

    erf(z) = 2 z / sqrt(pi) times the integral of exp(-(z t)^2) over t from 0 to 1, by the
    quadrature of Gauss and Legendre, here to 1e-14; beyond `LARGEST` erf is 1 to the last digit.
    """

    NODES, LARGEST = 24, 6.0

    def __init__(self) -> None:
        super().__init__()
        nodes, weights = (torch.from_numpy(part) for part in leggauss(self.NODES))
        self.nodes: Tensor
        self.weights: Tensor
        self.register_buffer("nodes", (nodes + 1) / 2)
        self.register_buffer("weights", weights / math.sqrt(math.pi))

    def forward(self, x: Tensor) -> Tensor:
        z = (x / math.sqrt(2)).clamp(-self.LARGEST, self.LARGEST)
        decays = (-(z[..., None] * self.nodes).square()).exp()
        return x / 2 * (1 + z * (decays * self.weights).sum(-1))


def _replace_gelu(model: nn.Module) -> None:
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.GELU):
                setattr(parent, name, _Gelu())
