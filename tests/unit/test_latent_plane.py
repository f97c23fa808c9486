"""The plane in which latents are drawn."""

import numpy as np
import pytest

from oddjet.estimate.latent_plane import principal_components


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_principal_components_are_the_directions_of_most_variance_of_all_parts(
    dimensions: int,
) -> None:
    rng = np.random.default_rng(1)
    spread = 3.0 ** -np.arange(dimensions)
    latents = {
        part: (1e3 + rng.normal(size=(n, dimensions)) * spread).astype(np.float32)
        for part, n in (("normal_control", 300), ("low", 200))
    }
    shares, places = principal_components(latents)
    together = np.concatenate(list(latents.values())).astype(np.float64)
    values, directions = np.linalg.eigh(np.cov(together.T).reshape(dimensions, dimensions))
    kept = min(3, dimensions)
    # single precision in, single precision out
    np.testing.assert_allclose(shares, values[::-1][:kept] / values.sum(), rtol=1e-5)
    expected = ((together - together.mean(0)) @ directions[:, ::-1])[:, :kept]
    found = np.concatenate(list(places.values()))
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-4)  # signs are free
    assert {part: len(points) for part, points in places.items()} == {
        "normal_control": 300,
        "low": 200,
    }
