"""Anomaly scores that are no autoencoder's: what one has to beat to have earned its place."""

import h5py
import numpy as np
from sklearn import decomposition
from sklearn.covariance import EmpiricalCovariance
from sklearn.ensemble import IsolationForest

from oddjet.common.scorefiles import LEARNT, PCA, QUANTITIES, copy_origins
from oddjet.train.scoring import PreparedImages

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
        self.pca = decomposition.PCA(components, svd_solver="randomized", random_state=seed)
        projected = self.pca.fit(images).transform(images)
        self.covariance = EmpiricalCovariance().fit(projected)
        self.forest = IsolationForest(random_state=seed).fit(projected)

    def scores(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """By name, (n,): the squared error of the projection, the Mahalanobis distance of its
        coefficients, and how quickly random cuts isolate them (Liu, Ting, Zhou 2008); and
        the first two coefficients themselves, (n, 2).
        """
        projected = self.pca.transform(images)
        return {
            "pca_error": ((images - self.pca.inverse_transform(projected)) ** 2).sum(1),
            "pca_mahalanobis": np.sqrt(self.covariance.mahalanobis(projected)),
            "isolation_forest": -self.forest.score_samples(projected),
            PCA: projected[:, :2],
        }


def score(images: PreparedImages, target: h5py.Group, components: PrincipalComponents) -> None:
    """Write every baseline's score, float32 (N,), of events of a prepared sample, and `PCA`."""
    copy_origins(images.sample, target, images.rows)
    for name in QUANTITIES:
        target[name] = images.sample["features"][name][:][images.rows]
    pieces = [components.scores(batch.flatten(1).numpy()) for batch in images.batches()]
    for name in (*LEARNT, PCA):
        target[name] = np.concatenate([piece[name] for piece in pieces]).astype(np.float32)
