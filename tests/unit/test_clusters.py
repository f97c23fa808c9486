"""Clusters in latent space, and how well they agree with labels."""

import itertools

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from oddjet.estimate import clusters


def plain_purity(found: np.ndarray, labels: np.ndarray) -> float:
    total = 0
    for cluster in set(found.tolist()):
        counts: dict[int, int] = {}
        for c, label in zip(found.tolist(), labels.tolist(), strict=True):
            if c == cluster:
                counts[label] = counts.get(label, 0) + 1
        total += max(counts.values())
    return total / len(labels)


def random_pair(components: int, seed: int = 0, events: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, components])
    labels = (rng.random(events) < 0.35).astype(int)
    agree = rng.random(events) < 0.6
    return np.where(agree, labels % components, rng.integers(components, size=events)), labels


# Agreement


def agreement(found: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return clusters.agreement(found, labels, 1, 0.68)


@pytest.mark.parametrize("components", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_purity_is_that_of_the_plain_count(components: int, seed: int) -> None:
    found, labels = random_pair(components, seed)
    # one quotient of the same whole numbers
    assert agreement(found, labels)["purity"] == plain_purity(found, labels)


@pytest.mark.parametrize("components", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("kind", [int, bool])
@pytest.mark.parametrize("events", [2, 5, 60, 1000])
def test_adjusted_indices_are_those_of_scikit_learn(
    components: int, kind: type, events: int
) -> None:
    for seed in range(5):
        found, labels = random_pair(components, seed, events)
        row = agreement(found, labels.astype(kind))
        # sums in another order: a few roundings
        assert row["ari"] == pytest.approx(adjusted_rand_score(labels, found), abs=1e-12)
        assert row["ami"] == pytest.approx(adjusted_mutual_info_score(labels, found), abs=1e-12)


@pytest.mark.parametrize("same", ["labels", "clusters", "both"])
def test_where_nothing_is_parted_indices_are_those_of_scikit_learn(same: str) -> None:
    found, labels = random_pair(2)
    found = np.zeros(60, int) if same in ("clusters", "both") else found
    labels = np.ones(60, int) if same in ("labels", "both") else labels
    row = agreement(found, labels)
    assert row["ari"] == adjusted_rand_score(labels, found)
    assert row["ami"] == adjusted_mutual_info_score(labels, found)


@pytest.mark.parametrize("components", [2, 3])
def test_intervals_are_those_of_events_drawn_with_replacement(components: int) -> None:
    found, labels = random_pair(components, events=300)
    row = clusters.agreement(found, labels, 4000, 0.68)
    rng = np.random.default_rng(1)
    drawn = rng.integers(300, size=(1000, 300))
    for name, measure in (
        ("purity", plain_purity),
        ("ari", lambda c, t: adjusted_rand_score(t, c)),
        ("ami", lambda c, t: adjusted_mutual_info_score(t, c)),
    ):
        others = [measure(found[events], labels[events]) for events in drawn]
        # a quantile near 16% of 1,000 numbers has an error of 0.048 of their deviation, and its
        # difference to that of 4,000 others 0.053: four times that
        tolerance = 0.22 * np.std(others)
        low, high = np.percentile(others, [16, 84])
        assert row[f"{name}_low"] == pytest.approx(low, abs=tolerance)
        assert row[f"{name}_high"] == pytest.approx(high, abs=tolerance)


@pytest.mark.parametrize("components", [1, 2, 3, 5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_purity_is_never_below_the_majority(components: int, seed: int) -> None:
    row = agreement(*random_pair(components, seed))
    assert row["purity"] >= row["majority_baseline"]


def test_one_cluster_has_the_purity_of_the_majority() -> None:
    _, labels = random_pair(2)
    row = agreement(np.zeros(len(labels), int), labels)
    assert row["purity"] == row["majority_baseline"]


def test_purity_of_clusters_that_are_the_labels_is_one() -> None:
    _, labels = random_pair(2)
    assert agreement(1 - labels, labels)["purity"] == 1


@pytest.mark.parametrize("kind", [int, bool])
def test_majority_is_the_share_of_the_more_frequent_label(kind: type) -> None:
    for labels, share in (([0, 0, 0, 1], 0.75), ([0, 1, 1, 1], 0.75), ([1, 1], 1)):
        found = np.zeros(len(labels), int)
        assert agreement(found, np.array(labels).astype(kind))["majority_baseline"] == share


def test_names_of_components_change_no_measure() -> None:
    found, labels = random_pair(3)
    first = agreement(found, labels)
    for names in itertools.permutations(range(3)):
        renamed = agreement(np.array(names)[found], labels)
        for measure in ("purity", "majority_baseline", "ari", "ami"):
            # adjusted indices are sums over the clusters, in another order: a few roundings
            assert renamed[measure] == pytest.approx(first[measure], abs=1e-12)


def test_agreement_has_every_measure_with_its_interval_and_the_baseline() -> None:
    found, labels = random_pair(2)
    row = clusters.agreement(found, labels, 100, 0.68)
    for measure in ("purity", "ari", "ami"):
        assert row[f"{measure}_low"] < row[measure] < row[f"{measure}_high"]
    assert row["majority_baseline"] == max(labels.mean(), 1 - labels.mean())
    wide = clusters.agreement(found, labels, 100, 0.95)
    assert wide["ari_low"] < row["ari_low"] < row["ari_high"] < wide["ari_high"]


def test_agreement_by_chance_alone_is_near_zero_though_purity_is_not() -> None:
    rng = np.random.default_rng(0)
    found, labels = rng.integers(2, size=4000), (rng.random(4000) < 0.2).astype(int)
    row = clusters.agreement(found, labels, 20, 0.68)
    assert row["purity"] > 0.75
    # without agreement both are of order 1 / events: 0.00025; 0.01 is forty times that
    assert abs(row["ari"]) < 0.01
    assert abs(row["ami"]) < 0.01


def test_agreement_is_reproducible() -> None:
    found, labels = random_pair(2)
    first, again = (clusters.agreement(found, labels, 20, 0.68) for _ in range(2))
    assert first == again


# Clusters


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
    found = clusters.find_clusters(latents, errors, 2, seed)
    assert list(found) == ["low", "high"]
    for test, numbers in found.items():
        assert np.issubdtype(numbers.dtype, np.integer)
        np.testing.assert_array_equal(numbers, truth[test])


@pytest.mark.parametrize("sign", [1, -1])
def test_component_zero_is_that_with_the_lowest_mean_error(sign: int) -> None:
    latents, errors, truth = two_blobs()
    signed = {test: sign * error for test, error in errors.items()}
    found = clusters.find_clusters(latents, signed, 2, 1)
    expected = truth if sign == 1 else {test: ~t for test, t in truth.items()}
    for test, numbers in found.items():
        np.testing.assert_array_equal(numbers, expected[test])


@pytest.mark.parametrize("components", [1, 3, 5])
def test_components_are_numbered_by_their_mean_error(components: int) -> None:
    latents, errors, _ = two_blobs()
    found = clusters.find_clusters(latents, errors, components, 1)
    numbers = np.concatenate([found[test] for test in latents])
    error = np.concatenate([errors[test] for test in latents])
    assert sorted(set(numbers.tolist())) == list(range(components))
    means = [error[numbers == component].mean() for component in range(components)]
    assert means == sorted(means)


def test_more_components_give_no_lower_purity_on_blobs_far_apart() -> None:
    latents, errors, truth = two_blobs()
    labels = np.concatenate(list(truth.values()))
    for components in (2, 3, 5, 8):
        found = clusters.find_clusters(latents, errors, components, 1)
        assert agreement(np.concatenate(list(found.values())), labels)["purity"] == 1


def test_same_seed_gives_the_same_clusters() -> None:
    latents, errors, _ = two_blobs()
    first, again = (clusters.find_clusters(latents, errors, 4, 1) for _ in range(2))
    for test, numbers in first.items():
        np.testing.assert_array_equal(numbers, again[test])


def test_order_of_events_changes_no_ones_component() -> None:
    latents, errors, truth = two_blobs()
    order = np.argsort(truth["low"], kind="stable")  # as in files sorted by their labels
    moved = clusters.find_clusters(
        latents | {"low": latents["low"][order]}, errors | {"low": errors["low"][order]}, 2, 1
    )
    found = clusters.find_clusters(latents, errors, 2, 1)
    np.testing.assert_array_equal(moved["low"], found["low"][order])


def test_a_latent_direction_that_never_varies_does_no_harm() -> None:
    latents, errors, truth = two_blobs()
    for latent in latents.values():
        latent[:, 1] = 3
    for test, numbers in clusters.find_clusters(latents, errors, 2, 1).items():
        np.testing.assert_array_equal(numbers, truth[test])


def test_latents_that_have_collapsed_to_a_point_still_give_components() -> None:
    latents = {"low": np.ones((30, 3), np.float32)}
    errors = {"low": np.arange(30, dtype=np.float32)}
    with pytest.warns(ConvergenceWarning, match="distinct clusters"):
        found = clusters.find_clusters(latents, errors, 2, 1)
    assert set(found["low"].tolist()) <= {0, 1}


# The plane in which they are drawn


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
    shares, places = clusters.principal_components(latents)
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
