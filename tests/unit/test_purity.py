"""How well clusters agree with labels."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from oddjet.estimate import purity


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


def agreement(found: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    return purity.agreement(found, labels, 1, 0.68)


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
    row = purity.agreement(found, labels, 4000, 0.68)
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
    row = purity.agreement(found, labels, 100, 0.68)
    for measure in ("purity", "ari", "ami"):
        assert row[f"{measure}_low"] < row[measure] < row[f"{measure}_high"]
    assert row["majority_baseline"] == max(labels.mean(), 1 - labels.mean())
    wide = purity.agreement(found, labels, 100, 0.95)
    assert wide["ari_low"] < row["ari_low"] < row["ari_high"] < wide["ari_high"]


def test_agreement_by_chance_alone_is_near_zero_though_purity_is_not() -> None:
    rng = np.random.default_rng(0)
    found, labels = rng.integers(2, size=4000), (rng.random(4000) < 0.2).astype(int)
    row = purity.agreement(found, labels, 20, 0.68)
    assert row["purity"] > 0.75
    # without agreement both are of order 1 / events: 0.00025; 0.01 is forty times that
    assert abs(row["ari"]) < 0.01
    assert abs(row["ami"]) < 0.01


def test_agreement_is_reproducible() -> None:
    found, labels = random_pair(2)
    first, again = (purity.agreement(found, labels, 20, 0.68) for _ in range(2))
    assert first == again
