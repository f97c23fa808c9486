"""What supervised networks are given of a jet."""

from pathlib import Path

import numpy as np
import pytest
import torch
from labelled_jets import CNN, DENSE, constituents, write_sample

from oddjet.evaluate.supervised_inputs import in_jet_frame, read_jets
from oddjet.train.torch_setup import CPU


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "sample.h5")


def masses(vectors: np.ndarray) -> np.ndarray:
    """Of the sums of four-vectors (N, k, 4)."""
    energy, *momentum = vectors.astype(np.float64).sum(1).T
    return np.sqrt(energy**2 - np.square(momentum).sum(0))


def test_in_the_jets_frame_it_has_no_y_and_z_momentum_and_the_same_mass_and_pt() -> None:
    before = constituents()
    after = in_jet_frame(before)
    assert after.dtype == np.float32
    jet = after.sum(1)
    np.testing.assert_allclose(jet[:, 2:], 0, atol=1e-3)
    np.testing.assert_allclose(jet[:, 1], np.hypot(*before.sum(1).T[1:3]), rtol=1e-5)
    np.testing.assert_allclose(masses(after), masses(before), rtol=1e-3)
    pt = np.hypot(after[..., 1], after[..., 2])
    np.testing.assert_allclose(pt, np.hypot(before[..., 1], before[..., 2]), rtol=1e-4)


def test_constituents_that_are_not_there_stay_zero_and_so_does_an_empty_jet() -> None:
    vectors = constituents()[:2]
    vectors[0, 2] = vectors[1] = 0
    after = in_jet_frame(vectors)
    assert (after[0, 2] == 0).all()
    assert (after[1] == 0).all()
    assert np.isfinite(after).all()


def test_a_jet_along_the_beam_gives_finite_numbers() -> None:
    assert np.isfinite(in_jet_frame(np.array([[[10.0, 0, 0, 10.0]]]))).all()


@pytest.mark.parametrize("leading", [2, 5])
def test_so_many_leading_constituents_are_read_padded_with_zeros(
    prepared: Path, leading: int
) -> None:
    rows = np.array([3, 7])
    jets = read_jets(DENSE | {"leading": leading}, [(prepared, rows)], 0.0, CPU)
    assert jets.shape == (leading, 4)
    found = jets.dense(torch.arange(2)).numpy()
    expected = np.zeros((2, leading, 4))
    expected[:, :3] = constituents()[rows][:, :leading]
    np.testing.assert_array_equal(found, in_jet_frame(expected))


def test_several_samples_stand_one_behind_the_other(prepared: Path) -> None:
    both = read_jets(CNN, [(prepared, None), (prepared, np.array([5]))], 0.0, CPU)
    assert len(both) == 201
    torch.testing.assert_close(both.dense(torch.tensor([200])), both.dense(torch.tensor([5])))
