"""Weighted samples: unweighted by rejection before anything sees them, or refused with a reason."""

import runpy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import IMAGES, REPO, jets
from scipy import stats

from oddjet.common.errors import InputError
from oddjet.prepare import arrays
from oddjet.prepare.images import Images
from oddjet.prepare.raw import open_array
from oddjet.prepare.samples import check_together, prepare_normal, prepare_test, prepare_truth
from oddjet.prepare.weights import Unweighting, unweight

STEPS = {"centre": True, "rotate": True, "flip": True, "crop": "auto", "size": 8}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}
EVENTS = 90


def spread(events: int, seed: int = 0) -> np.ndarray:
    """Weights over two orders of magnitude, evenly in their logarithm."""
    return 10 ** np.random.default_rng(seed).uniform(-2, 0, events)


def unweighted(place: Path, weights: np.ndarray, rows: np.ndarray | None = None) -> Unweighting:
    np.save(place / "w.npy", weights)
    raw = open_array(place / "w.npy")
    return unweight(raw, np.arange(len(weights)) if rows is None else rows, raw)


def write(place: Path, weights: np.ndarray, seed: int = 0) -> str:
    """Jets, their weights and labels."""
    labels = np.arange(len(weights)) % 3 == 0
    np.savez(place, x=jets(len(weights), seed=seed), w=weights, y=labels)
    return str(place)


def sample(*files: str, **more: Any) -> dict[str, Any]:
    return {"file": list(files), "key": "x", "weight": "w"} | more


# What is left


def test_unweighted_jets_have_the_distribution_of_the_weighted_ones(tmp_path: Path) -> None:
    x = np.random.default_rng(1).uniform(0, 2, 20_000)
    weights = 10**-x * 7  # falling over two orders of magnitude, in any unit
    kept = unweighted(tmp_path, weights).rows
    chance, bins = weights / weights.max(), np.linspace(0, 2, 21)
    expected, variance, of_all, found = (
        np.histogram(values, bins, weights=weight)[0]
        for values, weight in (
            (x, chance),
            (x, chance * (1 - chance)),
            (x, None),
            (x[kept], None),
        )
    )
    # each bin is a sum of independent draws
    assert stats.chi2.sf(((found - expected) ** 2 / variance).sum(), 20) > 0.01
    flat = of_all * len(kept) / len(x)
    assert ((found - flat) ** 2 / flat).sum() > 20 * 50


def test_price_of_unweighting_is_what_the_weights_say(tmp_path: Path) -> None:
    weights = spread(50_000)
    found = unweighted(tmp_path, weights)
    assert found.chosen == 50_000
    assert found.effective == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    # <w^2> / (<w> w_max) of weights that are even in their logarithm is 0.505
    assert found.lost == pytest.approx(0.495, abs=0.02)


def test_equal_weights_keep_all_jets(tmp_path: Path) -> None:
    found = unweighted(tmp_path, np.full(EVENTS, 0.3))
    assert found.rows.tolist() == list(range(EVENTS))
    assert (found.effective, found.lost) == (pytest.approx(EVENTS), 0)


def test_jets_of_no_weight_are_never_kept(tmp_path: Path) -> None:
    weights = np.tile([0, 1], 2000)
    assert unweighted(tmp_path, weights).rows.tolist() == list(range(1, 4000, 2))


def test_largest_weight_is_that_of_the_chosen_rows(tmp_path: Path) -> None:
    weights = np.append(np.ones(20), 1000.0)
    assert unweighted(tmp_path, weights, np.arange(20)).rows.tolist() == list(range(20))
    assert unweighted(tmp_path, weights).rows.tolist()[-1] == 20


def test_kept_rows_do_not_depend_on_files_or_on_how_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = spread(EVENTS)
    one = write(tmp_path / "one.npz", weights)
    whole = np.load(one)
    parts = []
    for number, rows in enumerate((slice(7), slice(7, 50), slice(50, EVENTS))):
        parts.append(str(tmp_path / f"{number}.npz"))
        np.savez(parts[-1], **{name: whole[name][rows] for name in whole.files})
    np.save(tmp_path / "apart.npy", weights)
    choices: list[dict[str, Any]] = [{}, {"rows": [3, 80], "where": {"y": 0}}]
    for more in choices:
        expected = Images(sample(one, **more), IMAGES).rows
        assert 5 < len(expected) < EVENTS / 2
        others = [sample(*parts, **more)]
        others.append(sample(one, **more, weight={"file": [str(tmp_path / "apart.npy")]}))
        others.append(sample(one, **more, weight={"file": parts, "key": "w"}))
        for other in others:
            np.testing.assert_array_equal(Images(other, IMAGES).rows, expected)
    with monkeypatch.context() as patched:
        patched.setattr(arrays, "PIECE_BYTES", 64)
        np.testing.assert_array_equal(Images(sample(*parts, **more), IMAGES).rows, expected)


def test_weights_may_be_a_column_of_a_table_or_of_an_array(tmp_path: Path) -> None:
    weights = spread(EVENTS)
    expected = unweighted(tmp_path, weights).rows
    file = write(tmp_path / "one.npz", weights)
    table = pd.DataFrame({"n": 1, "weight": weights})
    table.to_hdf(tmp_path / "w.h5", key="t", format="table")
    np.save(tmp_path / "m.npy", np.stack([weights * 0 + 1, weights], axis=1))
    for given in (
        {"file": [str(tmp_path / "w.h5")], "column": "weight"},
        {"file": [str(tmp_path / "m.npy")], "column": -1},
    ):
        np.testing.assert_array_equal(Images(sample(file, weight=given), IMAGES).rows, expected)


def test_samples_are_unweighted_each_by_itself_and_truth_stays_with_its_jets(
    tmp_path: Path,
) -> None:
    normal, test, truth = (tmp_path / f"{name}.h5" for name in ("normal", "test", "truth"))
    file = write(tmp_path / "n.npz", 100 * spread(4 * EVENTS))
    mixed = write(tmp_path / "t.npz", spread(2 * EVENTS, 1), seed=1)
    prepare_normal(sample(file), IMAGES, normal, STEPS, SPLIT)
    prepare_test(sample(mixed), IMAGES, test, STEPS, normal)
    prepare_truth({"file": [mixed], "key": "y"}, test, truth)
    with h5py.File(normal) as one, h5py.File(test) as other, h5py.File(truth) as known:
        event = other["event"][:]
        np.testing.assert_array_equal(event, Images(sample(mixed), IMAGES).rows)
        np.testing.assert_array_equal(known["label"][:], event % 3 == 0)
        assert len(other["offsets"]) - 1 == len(event) == len(other["features/pt"])
        pixels = jets(2 * EVENTS, seed=1)[event]
        np.testing.assert_allclose(other["features/pt"][:], pixels.sum(axis=(1, 2)), rtol=1e-5)
        assert one["control"][:].mean() == pytest.approx(0.5, abs=0.01)
        assert len(one["event"]) == len(Images(sample(file), IMAGES).rows)
    rows = check_together(normal, {"a": str(test)}, [[file], [mixed]], 0.2, 10, 0.1)
    for row, seed, chosen in zip(rows, (0, 1), (4 * EVENTS, 2 * EVENTS), strict=True):
        weights = spread(chosen, seed)
        effective = weights.sum() ** 2 / (weights**2).sum()
        assert (row["chosen"], row["effective"]) == (chosen, pytest.approx(effective))
        assert row["statistics_lost"] == pytest.approx(1 - row["events"] / effective)


def test_sample_that_loses_more_than_half_of_its_statistics_is_warned_of(tmp_path: Path) -> None:
    files, paths = [], []
    for name, largest in (("normal", 1.0), ("test", 4.0)):
        weights = np.append(np.ones(4 * EVENTS), largest)
        files.append([write(tmp_path / f"{name}.npz", weights)])
        paths.append(tmp_path / f"{name}.h5")
    prepare_normal(sample(*files[0]), IMAGES, paths[0], STEPS, SPLIT)
    prepare_test(sample(*files[1]), IMAGES, paths[1], STEPS, paths[0])
    normal, test = check_together(paths[0], {"a": str(paths[1])}, files, 0.2, 10, 0.1)
    assert "unweighting" not in normal["warnings"]
    assert "unweighting costs 7" in test["warnings"]


# What is refused

STRANGE: list[tuple[str, list[tuple[int, float]], str]] = [
    ("negative", [(4, -0.5), (6, -1)], r"weight -0\.5 in row 4 of 'w', 2 such rows of 10; .*>= 0"),
    ("nan", [(7, np.nan)], r"weight nan in row 7 of 'w', 1 such rows of 10; expected a finite"),
    ("infinite", [(0, np.inf)], r"weight inf in row 0 of 'w', 1 such"),
]


@pytest.mark.parametrize(("what", "changes", "message"), STRANGE)
def test_weights_that_are_none_are_refused_by_name(
    tmp_path: Path, what: str, changes: list[tuple[int, float]], message: str
) -> None:
    weights = np.ones(10)
    for row, weight in changes:
        weights[row] = weight
    file = write(tmp_path / "a.npz", weights)
    with pytest.raises(InputError, match=r"a\.npz: found " + message):
        Images(sample(file), IMAGES)
    # in rows that nobody chose they do not matter; of several files that one is named
    last = changes[-1][0]
    assert len(Images(sample(file, rows=[last + 1, 10]), IMAGES)) == 9 - last
    before = write(tmp_path / "b.npz", np.ones(3))
    with pytest.raises(InputError, match=r"a\.npz: found weight .* in row " + str(changes[0][0])):
        Images(sample(before, file), IMAGES)


def test_weights_that_are_all_zero_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.npz", np.append(np.zeros(9), 1))
    with pytest.raises(InputError, match="weights 'w' that are zero in all 9 rows"):
        Images(sample(file, rows=[0, 9]), IMAGES)


@pytest.mark.parametrize(
    ("weights", "found"),
    [
        (np.ones(9), r"of shape \(9,\), float64; expected \(10,\)"),
        (np.ones((10, 2)), r"of shape \(10, 2\)"),
        (np.full(10, "a"), r"of shape \(10,\), texts"),
    ],
)
def test_weights_of_another_length_or_kind_are_refused(
    tmp_path: Path, weights: np.ndarray, found: str
) -> None:
    file = write(tmp_path / "a.npz", np.ones(10))
    np.savez(tmp_path / "w.npz", weights)
    with pytest.raises(InputError, match=r"w\.npz: found weights 'arr_0' " + found):
        Images(sample(file, weight={"file": str(tmp_path / "w.npz")}), IMAGES)


# The interval of the headline


def test_headline_interval_of_weighted_samples_holds_the_truth_as_often_as_it_says() -> None:
    """Toys of scores: 60 pairs of tests, 120 intervals of 68%; benchmarks/weights.py has more.

    Binomial with 120 draws the share has a standard deviation of 0.043: 0.55 to 0.81 is three of
    them. Without the weights none of them does.
    """
    study = runpy.run_path(str(REPO / "benchmarks" / "weights.py"))

    def coverage(weighted: bool, toys: int) -> float:
        found = [study["toy"](seed, weighted) for seed in range(toys)]
        inside = [
            one[test][1] <= truth <= one[test][2]
            for one in found
            for test, truth in study["TRUTHS"].items()
        ]
        return float(np.mean(inside))

    assert 0.55 < coverage(True, 60) < 0.81
    assert coverage(False, 3) == 0
