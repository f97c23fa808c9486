"""One score from several seeds: the mean rank among control jets."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from oddjet.estimate.ensemble import mean_rank, read


def seeds(count: int = 3) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        {
            "normal_train": rng.exponential(size=20 + seed),
            "normal_validation": rng.exponential(size=5 + seed),
            "normal_control": rng.exponential(size=30).round(1),  # with ties
            "low": rng.exponential(2, size=12).round(1),
        }
        for seed in range(count)
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_score_is_the_mean_share_of_control_jets_below_and_half_of_those_alike(
    count: int,
) -> None:
    parts = seeds(count)
    combined = mean_rank(parts)
    for part in ("normal_control", "low"):
        expected = []
        for event in range(len(parts[0][part])):
            ranks = []
            for errors in parts:
                below = 0.0
                for control in errors["normal_control"]:
                    if control < errors[part][event]:
                        below += 1
                    elif control == errors[part][event]:
                        below += 0.5
                ranks.append(below / len(errors["normal_control"]))
            expected.append(sum(ranks) / len(ranks))
        # a mean of three numbers between 0 and 1: a few roundings
        np.testing.assert_allclose(combined[part], expected, rtol=1e-14)


def test_parts_with_other_events_for_each_seed_are_left_out() -> None:
    assert list(mean_rank(seeds())) == ["normal_control", "low"]


def test_scores_lie_between_zero_and_one() -> None:
    parts = seeds()
    for errors in parts:
        errors["low"] = np.array([-1.0, 1e9])
    assert mean_rank(parts)["low"].tolist() == [0, 1]


def test_scale_of_a_seeds_errors_changes_nothing() -> None:
    parts = seeds()
    scaled = [parts[0], {name: 1000 * errors for name, errors in parts[1].items()}, parts[2]]
    for part, scores in mean_rank(parts).items():
        np.testing.assert_array_equal(mean_rank(scaled)[part], scores)


def test_order_of_seeds_changes_nothing_but_rounding() -> None:
    for part, scores in mean_rank(seeds()).items():
        # a sum of three numbers in another order: one rounding
        np.testing.assert_allclose(mean_rank(seeds()[::-1])[part], scores, rtol=1e-15)


def test_events_keep_their_places() -> None:
    parts = seeds()
    order = np.random.default_rng(1).permutation(12)
    moved = [errors | {"low": errors["low"][order]} for errors in parts]
    np.testing.assert_array_equal(mean_rank(moved)["low"], mean_rank(parts)["low"][order])


def test_files_of_the_seeds_are_read_into_the_mean_rank(tmp_path: Path) -> None:
    paths = [tmp_path / f"seed{seed}.h5" for seed in range(3)]
    for path, parts in zip(paths, seeds(), strict=True):
        with h5py.File(path, "w") as file:
            for part, errors in parts.items():
                file[f"{part}/error"] = errors
    for part, scores in mean_rank(seeds()).items():
        np.testing.assert_array_equal(read(paths, "error")[part], scores)
