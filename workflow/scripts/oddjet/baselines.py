"""Anomaly scores that are no autoencoder's: what one has to beat to have earned its place."""

from collections.abc import Iterator

import h5py
import numpy as np
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest

from oddjet.sparse import SparseFile
from oddjet.tensors import CPU, DeviceImages, MinMax

# quantities of a jet that are scores as they are
QUANTITIES = ("mass", "width", "lit_pixels", "minus_sum_of_squares")
LEARNT = ("pca_error", "pca_mahalanobis", "isolation_forest")
SUPERVISED = "supervised_cnn"
MOST = 20_000  # jets to fit to: 130 MB at 40 x 40


class PrincipalComponents:
    """Principal components of normal images, and the scores that they give.

    Args:
        images: flat, (n, P).
        components: their number, at most as many as images and pixels allow.
        seed: of the random draws.
    """

    def __init__(self, images: np.ndarray, components: int, seed: int) -> None:
        components = min(components, *images.shape)
        self.pca = PCA(components, svd_solver="randomized", random_state=seed).fit(images)
        projected = self.pca.transform(images)
        self.covariance = EmpiricalCovariance().fit(projected)
        self.forest = IsolationForest(random_state=seed).fit(projected)

    def scores(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """By name, (n,): the squared error of the projection, the Mahalanobis distance of its
        coefficients, and how quickly random cuts isolate them (Liu, Ting, Zhou 2008).
        """
        projected = self.pca.transform(images)
        return {
            "pca_error": ((images - self.pca.inverse_transform(projected)) ** 2).sum(1),
            "pca_mahalanobis": np.sqrt(self.covariance.mahalanobis(projected)),
            "isolation_forest": -self.forest.score_samples(projected),
        }


def flat_images(
    sample: h5py.Group, rows: np.ndarray, normalisation: MinMax
) -> Iterator[np.ndarray]:
    """Yield normalised images (n, P) of a prepared sample, a batch at a time."""
    for _, images in SparseFile(sample).pieces(rows):
        for batch in DeviceImages(images, normalisation, CPU).batches():
            yield batch.flatten(1).numpy()


def score(
    sample: h5py.Group,
    rows: np.ndarray,
    target: h5py.Group,
    normalisation: MinMax,
    components: PrincipalComponents,
) -> None:
    """Write every baseline's score, float32 (N,), of the `rows` of a prepared sample."""
    target["event"] = rows.astype(np.int64)
    for name in QUANTITIES:
        target[name] = sample["quantities"][name][:][rows]
    pieces = [components.scores(images) for images in flat_images(sample, rows, normalisation)]
    for name in LEARNT:
        target[name] = np.concatenate([piece[name] for piece in pieces]).astype(np.float32)
