"""Images on the computing device: the same pixels as on disk, normalised."""

import numpy as np
import pytest
import torch

from oddjet.prepare.sparse import SparseImages
from oddjet.train import device_images
from oddjet.train.device_images import DeviceImages, fit_min_max
from oddjet.train.normalisation import MinMax
from oddjet.train.torch_setup import CPU


def images(events: int = 30, shape: tuple[int, int, int] = (2, 6, 5)) -> SparseImages:
    rng = np.random.default_rng(0)
    dense = rng.random((events, *shape), np.float32) + np.float32(0.2)
    dense[rng.random(dense.shape) > 0.1] = 0
    dense[::7] = 0
    return SparseImages.from_dense(dense)


@pytest.mark.parametrize("rows", [[0, 1, 2], [5, 3, 3, 29], [7, 14], [0]], ids=str)
def test_dense_batches_are_the_sparse_images_normalised(rows: list[int]) -> None:
    sparse = images()
    normalisation = MinMax((-1.0, 0.0), (3.0, 2.0))
    batch = DeviceImages(sparse, normalisation, CPU).dense(torch.tensor(rows))
    assert batch.dtype == torch.float32
    expected = sparse.dense()[rows]
    expected[:, 0] = (expected[:, 0] + 1) / 4
    expected[:, 1] /= 2
    # one rounding each for the sum and the quotient
    np.testing.assert_allclose(batch.numpy(), expected, rtol=2 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("size", [1, 7, 30, 256])
def test_batches_are_all_images_in_order(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(device_images, "BATCH", size)
    sparse = images()
    batches = list(DeviceImages(sparse, MinMax.none(2), CPU).batches())
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
    np.testing.assert_array_equal(torch.cat(batches).numpy(), sparse.dense())


@pytest.mark.parametrize("room", [2**28, 0], ids=["kept", "too large to keep"])
def test_images_that_are_kept_are_those_that_are_made_again(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    monkeypatch.setattr(device_images, "KEPT", room)
    sparse, normalisation, rows = (
        images(),
        MinMax((0.0, 0.0), (1.2, 1.3), 1.0),
        torch.tensor([5, 3, 3]),
    )
    kept = DeviceImages(sparse, normalisation, CPU, keep=True)
    assert (kept.kept is not None) == (room > 0)
    again = DeviceImages(sparse, normalisation, CPU)
    assert again.kept is None
    # smoothed with other images beside them, sums may be added in another order
    torch.testing.assert_close(kept.dense(rows), again.dense(rows), rtol=1e-6, atol=1e-7)
    batch = kept.dense(rows)
    batch += 1  # augmentation may change what it is given
    assert not torch.equal(kept.dense(rows), batch)


def test_images_of_more_pixels_than_16_bits_count_are_drawn_whole() -> None:
    dense = np.zeros((2, 1, 300, 300), np.float32)
    dense[1, 0, -1, -1] = 1
    batch = DeviceImages(SparseImages.from_dense(dense), MinMax.none(1), CPU)
    np.testing.assert_array_equal(batch.dense(torch.tensor([0, 1])).numpy(), dense)


def test_min_max_takes_an_unlit_pixel_for_the_minimum() -> None:
    sparse = images()
    brightest = sparse.dense().max((0, 2, 3)).tolist()
    assert fit_min_max(sparse, 0.0, CPU) == MinMax((0.0, 0.0), tuple(brightest))


def test_a_channel_without_contrast_stays_as_dark_as_it_is() -> None:
    dense = images().dense()
    dense[:, 1] = 0
    sparse = SparseImages.from_dense(dense)
    normalisation = fit_min_max(sparse, 0.0, CPU)
    (batch,) = DeviceImages(sparse, normalisation, CPU).batches()
    assert not batch[:, 1].any()
    assert batch[:, 0].max() == 1


def test_min_max_of_images_without_zeros_takes_the_smallest_pixel() -> None:
    dense = np.random.default_rng(0).uniform(2, 5, (9, 1, 8, 8)).astype(np.float32)
    sparse = SparseImages.from_dense(dense)
    normalisation = fit_min_max(sparse, 0.0, CPU)
    assert normalisation == MinMax((float(dense.min()),), (float(dense.max()),))
    normalised = DeviceImages(sparse, normalisation, CPU).dense(torch.arange(9))
    assert normalised.min() == 0
    assert normalised.max() == 1


def test_min_max_is_that_of_the_smoothed_images() -> None:
    sparse = images()
    normalisation = fit_min_max(sparse, 1.0, CPU)
    normalised = DeviceImages(sparse, normalisation, CPU).dense(torch.arange(len(sparse)))
    assert normalised.min() == 0
    assert normalised.max() == 1
    assert max(normalisation.maximum) < sparse.values.max()
    assert MinMax(**normalisation.as_dict()) == normalisation
