"""Clusters in latent space."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from oddjet.common.errors import InputError
from oddjet.estimate.clusters import find_clusters
from oddjet.estimate.purity import agreement


def two_blobs(
    seed: int = 0,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Latents of two tests in two blobs far apart, errors higher in the second, and the truth."""
    rng = np.random.default_rng(seed)
    truth = {"low": rng.random(80) < 0.3, "high": rng.random(60) < 0.7}
    latents = {
        # units differ between axes by a factor of thousand
        test: (rng.normal(size=(len(t), 3)) + 12 * t[:, None]) * [1, 1000, 0.1]
        for test, t in truth.items()
    }
    errors = {test: rng.exponential(size=len(t)) + 5 * t for test, t in truth.items()}
    return (
        {test: latent.astype(np.float32) for test, latent in latents.items()},
        {test: error.astype(np.float32) for test, error in errors.items()},
        truth,
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_blobs_far_apart_are_found_in_every_test(seed: int) -> None:
    latents, errors, truth = two_blobs()
    found = find_clusters(latents, errors, 2, seed)
    assert list(found) == ["low", "high"]
    for test, numbers in found.items():
        assert np.issubdtype(numbers.dtype, np.integer)
        np.testing.assert_array_equal(numbers, truth[test])


@pytest.mark.parametrize("sign", [1, -1])
def test_component_zero_is_that_with_the_lowest_mean_error(sign: int) -> None:
    latents, errors, truth = two_blobs()
    signed = {test: sign * error for test, error in errors.items()}
    found = find_clusters(latents, signed, 2, 1)
    expected = truth if sign == 1 else {test: ~t for test, t in truth.items()}
    for test, numbers in found.items():
        np.testing.assert_array_equal(numbers, expected[test])


@pytest.mark.parametrize("components", [1, 3, 5])
def test_components_are_numbered_by_their_mean_error(components: int) -> None:
    latents, errors, _ = two_blobs()
    found = find_clusters(latents, errors, components, 1)
    numbers = np.concatenate([found[test] for test in latents])
    error = np.concatenate([errors[test] for test in latents])
    assert sorted(set(numbers.tolist())) == list(range(components))
    means = [error[numbers == component].mean() for component in range(components)]
    assert means == sorted(means)


def test_more_components_give_no_lower_purity_on_blobs_far_apart() -> None:
    latents, errors, truth = two_blobs()
    labels = np.concatenate(list(truth.values()))
    for components in (2, 3, 5, 8):
        found = find_clusters(latents, errors, components, 1)
        assert agreement(np.concatenate(list(found.values())), labels, 1, 0.68)["purity"] == 1


def test_same_seed_gives_the_same_clusters() -> None:
    latents, errors, _ = two_blobs()
    first, again = (find_clusters(latents, errors, 4, 1) for _ in range(2))
    for test, numbers in first.items():
        np.testing.assert_array_equal(numbers, again[test])


def test_order_of_events_changes_no_ones_component() -> None:
    latents, errors, truth = two_blobs()
    order = np.argsort(truth["low"], kind="stable")  # as in files sorted by their labels
    moved = find_clusters(
        latents | {"low": latents["low"][order]}, errors | {"low": errors["low"][order]}, 2, 1
    )
    found = find_clusters(latents, errors, 2, 1)
    np.testing.assert_array_equal(moved["low"], found["low"][order])


def test_a_latent_direction_that_never_varies_does_no_harm() -> None:
    latents, errors, truth = two_blobs()
    for latent in latents.values():
        latent[:, 1] = 3
    for test, numbers in find_clusters(latents, errors, 2, 1).items():
        np.testing.assert_array_equal(numbers, truth[test])


def test_latents_that_have_collapsed_to_a_point_still_give_components() -> None:
    latents = {"low": np.ones((30, 3), np.float32)}
    errors = {"low": np.arange(30, dtype=np.float32)}
    with pytest.warns(ConvergenceWarning, match="distinct clusters"):
        found = find_clusters(latents, errors, 2, 1)
    assert set(found["low"].tolist()) <= {0, 1}


def test_more_components_than_jets_are_an_error_that_names_the_key() -> None:
    latents, errors, _ = two_blobs()
    few = ({test: values[:3] for test, values in some.items()} for some in (latents, errors))
    with pytest.raises(InputError, match=r"clusters\.components: found 7 components for 6 jets"):
        find_clusters(*few, 7, 1)
