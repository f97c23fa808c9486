"""Smoothing and normalisation of images."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from oddjet.train.normalisation import MinMax, smooth


@pytest.mark.parametrize("width", [0.3, 1.0, 2.5, 9.0])
@pytest.mark.parametrize("shape", [(1, 17, 23), (2, 8, 8)], ids=str)
def test_smoothing_is_that_of_scipy(width: float, shape: tuple[int, int, int]) -> None:
    dense = np.random.default_rng(0).random((3, *shape), np.float32)
    smoothed = smooth(torch.from_numpy(dense), width)
    wide = (0, 0, width, width)
    expected = gaussian_filter(dense.astype(np.float64), wide, mode="constant")
    # sums of up to 23 x 23 single-precision products; what is there is of order one
    np.testing.assert_allclose(smoothed.numpy(), expected, atol=1e-6)


def test_pixels_beyond_those_of_the_training_part_are_not_clipped() -> None:
    normalised = MinMax((1.0,), (3.0,))(torch.tensor([[[[0.0, 1.0, 3.0, 5.0]]]]))
    assert normalised.flatten().tolist() == [-0.5, 0.0, 1.0, 2.0]
