"""Parts of the normal sample: held out for good, disjoint, complete, reproducible."""

import numpy as np
import pytest

from oddjet.prepare.splits import control_mask, train_and_validation

EVENTS = 500


@pytest.mark.parametrize("share", [0.1, 0.2, 0.55])
def test_control_part_has_the_share_asked_for(share: float) -> None:
    mask = control_mask(EVENTS, share, 0)
    assert mask.shape == (EVENTS,)
    assert mask.dtype == bool
    assert mask.sum() == round(share * EVENTS)


@pytest.mark.parametrize("seed", [0, 1, 2, 4294967295])
@pytest.mark.parametrize("validation", [0.1, 0.5])
def test_parts_are_disjoint_and_complete_and_control_never_trains(
    seed: int, validation: float
) -> None:
    control = control_mask(EVENTS, 0.2, 0)
    train, held = train_and_validation(control, validation, seed)
    parts = [set(train.tolist()), set(held.tolist()), set(np.flatnonzero(control).tolist())]
    assert sum(len(part) for part in parts) == EVENTS
    assert set.union(*parts) == set(range(EVENTS))
    assert len(held) == round(validation * 0.8 * EVENTS)
    assert len(train) + len(held) == 0.8 * EVENTS


def test_rows_are_ascending() -> None:
    for rows in train_and_validation(control_mask(EVENTS, 0.2, 0), 0.2, 3):
        assert (np.diff(rows) > 0).all()


def test_control_part_is_the_same_whatever_is_drawn_before() -> None:
    first = control_mask(EVENTS, 0.2, 0)
    for seed in (1, 2, 3):
        train_and_validation(first, 0.2, seed)
        np.random.default_rng(seed).random(10)
        np.testing.assert_array_equal(control_mask(EVENTS, 0.2, 0), first)


def test_training_split_is_reproducible_and_another_seed_gives_another() -> None:
    control = control_mask(EVENTS, 0.2, 0)
    splits = {seed: train_and_validation(control, 0.2, seed) for seed in (1, 2)}
    for seed, split in splits.items():
        for first, again in zip(split, train_and_validation(control, 0.2, seed), strict=True):
            np.testing.assert_array_equal(first, again)
    assert splits[1][1].tolist() != splits[2][1].tolist()


def test_another_split_seed_gives_another_control_part() -> None:
    assert (control_mask(EVENTS, 0.2, 0) != control_mask(EVENTS, 0.2, 1)).any()


def test_splits_are_random_and_not_the_beginning_or_end_of_the_file() -> None:
    # files may be sorted: each half of the file must give its share to every part
    control = control_mask(EVENTS, 0.4, 0)
    train, held = train_and_validation(control, 0.4, 1)
    for rows in (np.flatnonzero(control), train, held):
        share = (rows < EVENTS / 2).mean()
        # hypergeometric: the standard deviation is at most 0.5 / sqrt(n); five of them
        assert abs(share - 0.5) < 5 * 0.5 / np.sqrt(len(rows))


def test_splits_stay_the_same_from_version_to_version() -> None:
    # changing them would silently change every published number
    control = control_mask(20, 0.2, 0)
    assert np.flatnonzero(control).tolist() == [1, 5, 16, 17]
    train, held = train_and_validation(control, 0.25, 1)
    assert held.tolist() == [4, 7, 14, 18]
    assert len(train) == 12
