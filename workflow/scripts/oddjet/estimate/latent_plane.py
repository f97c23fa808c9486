"""The principal components of latents, in whose plane they are drawn."""

from collections.abc import Mapping

import numpy as np
from sklearn.decomposition import PCA


def principal_components(
    latents: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The places of events on the first principal components, at most 3, of all latents together.

    Args:
        latents: by sample part, (N, d).

    Returns:
        The share of the variance along each component, and by part the places (N, components),
        float32.
    """
    # by the covariance, half the time of singular values; it needs double precision
    together = np.concatenate(list(latents.values()), dtype=np.float64)
    pca = PCA(min(3, together.shape[1]), svd_solver="covariance_eigh").fit(together)
    return pca.explained_variance_ratio_, {
        part: pca.transform(latent).astype(np.float32) for part, latent in latents.items()
    }
