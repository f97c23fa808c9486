"""Gaussian-mixture clusters in latent space."""

from collections.abc import Mapping

import numpy as np
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from oddjet.common.errors import InputError


def find_clusters(
    latents: Mapping[str, np.ndarray], scores: Mapping[str, np.ndarray], components: int, seed: int
) -> dict[str, np.ndarray]:
    """Fit a Gaussian mixture to the standardised latents of all tests together.

    Args:
        latents: by test, (N, d).
        scores: anomaly scores by test, (N,); components are numbered by their mean, the lowest 0.
        components: of the mixture.
        seed: of its starting points; the best of three is kept.

    Returns:
        By test, the component (N,) int of each event.

    Raises:
        InputError: there are fewer jets than components.
    """
    if (jets := sum(map(len, latents.values()))) < components:
        raise InputError(
            "clusters.components",
            f"{components} components for {jets} jets in all tests",
            "a jet for each of them at least",
            "lower it.",
        )
    mixture = make_pipeline(
        StandardScaler(), GaussianMixture(components, n_init=3, random_state=seed)
    )
    found = mixture.fit_predict(np.concatenate(list(latents.values())).astype(np.float64))
    score = np.concatenate([scores[test] for test in latents])
    means = [score[found == c].mean() if (found == c).any() else np.inf for c in range(components)]
    numbered = np.argsort(np.argsort(means))[found]
    ends = np.cumsum([len(latent) for latent in latents.values()])
    return dict(zip(latents, np.split(numbered, ends[:-1]), strict=True))
