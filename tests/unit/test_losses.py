"""Reconstruction errors: each against plain arithmetic, alone and in sums."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from conftest import LOSSES, blobs

from oddjet.prepare.sparse import SparseImages
from oddjet.train.device_images import DeviceImages, fit_min_max
from oddjet.train.reconstruction_error import ReconstructionError, loss_module, moments
from oddjet.train.torch_setup import CPU


def pair(seed: int = 0, side: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    """Five images of two channels within 0 and 1, and something like them."""
    rng = np.random.default_rng(seed)
    images = rng.random((5, 2, side, side))
    images[rng.random(images.shape) < 0.5] = 0
    other = np.clip(images + rng.normal(0, 0.2, images.shape), -0.1, 1)
    return torch.from_numpy(images).float(), torch.from_numpy(other).float()


def error_of(name: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    return loss_module(name).error


def root(x: float) -> float:
    return math.sqrt(max(x, 1e-12))


PIXELWISE: dict[str, Callable[[float, float], float]] = {
    "mse": lambda a, b: (a - b) ** 2,
    "mae": lambda a, b: abs(a - b),
    "huber": lambda a, b: (a - b) ** 2 / 2 if abs(a - b) < 1 else abs(a - b) - 0.5,
    "log_cosh": lambda a, b: math.log(math.cosh(a - b)),
    "hellinger": lambda a, b: (root(a) - root(b)) ** 2,
    "fourth_root": lambda a, b: (root(root(a)) - root(root(b))) ** 2,
}


@pytest.mark.parametrize("scale", [1.0, 5.0])  # beyond a difference of 1 Huber's is linear
@pytest.mark.parametrize("name", PIXELWISE)
def test_error_is_the_mean_over_the_pixels_of_each_image(name: str, scale: float) -> None:
    images, others = (tensor * scale for tensor in pair())
    found = error_of(name)(images, others)
    for error, image, other in zip(found, images, others, strict=True):
        terms = zip(image.flatten().tolist(), other.flatten().tolist(), strict=True)
        expected = np.mean([PIXELWISE[name](a, b) for a, b in terms])
        # 512 terms in single precision
        assert float(error) == pytest.approx(expected, rel=1e-4)


def test_cross_correlation_is_that_of_numpy() -> None:
    images, others = pair()
    found = error_of("ncc")(images, others)
    for error, image, other in zip(found, images, others, strict=True):
        expected = 1 - np.corrcoef(image.flatten(), other.flatten())[0, 1]
        assert float(error) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_no_error_of_an_image_with_itself_and_more_the_less_alike(name: str) -> None:
    images, others = pair()
    near = images + 0.1 * (others - images)
    same, little, much = (error_of(name)(images, x) for x in (images, near, others))
    assert float(same.abs().max()) < 1e-6  # roundings of single precision
    assert (little < much).all()
    assert (little > same).all()


@pytest.mark.parametrize("name", LOSSES)
def test_blank_and_constant_images_have_finite_errors(name: str) -> None:
    images, _ = pair()
    images[0] = 0
    found = [error_of(name)(images, x) for x in (torch.zeros_like(images), torch.ones_like(images))]
    assert all(torch.isfinite(errors).all() for errors in found)


@pytest.mark.parametrize("name", LOSSES)
def test_every_error_can_be_trained_with(name: str) -> None:
    images, others = pair()
    others = (others * 1.0).clamp_min(0.01).requires_grad_()
    before = error_of(name)(images, others).mean()
    (slope,) = torch.autograd.grad(before, others)
    assert torch.isfinite(slope).all()
    with torch.no_grad():
        step = 1e-3 * slope / slope.abs().max()
        assert error_of(name)(images, others - step).mean() < before


def training_part() -> DeviceImages:
    rng = np.random.default_rng(1)
    dense = [blobs(rng, [tuple(rng.uniform(4, 11, 2))], 16) for _ in range(30)]
    sparse = SparseImages.from_dense(np.stack(dense)[:, None].astype(np.float32))
    return DeviceImages(sparse, fit_min_max(sparse, 0.0, CPU), CPU)


def test_a_sum_of_errors_weighs_each_in_units_of_the_mean_images() -> None:
    part = training_part()
    mean, _ = moments(part)
    error = ReconstructionError.fit({"mse": 0.25, "ncc": 0.75}, part)
    # the mean image's own errors are then the sum of the weights
    assert error.mean(part, lambda images: mean.expand_as(images)) == pytest.approx(1, rel=1e-5)
    images = next(part.batches())
    outputs = images.flip(3)
    units = {
        name: float(error_of(name)(images, mean.expand_as(images)).double().mean())
        for name in ("mse", "ncc")
    }
    expected = 0.25 * error_of("mse")(images, outputs) / units["mse"]
    expected += 0.75 * error_of("ncc")(images, outputs) / units["ncc"]
    torch.testing.assert_close(error(images, outputs), expected)


def test_one_error_alone_is_not_scaled() -> None:
    part = training_part()
    images = next(part.batches())
    error = ReconstructionError.fit("mse", part)
    assert torch.equal(error(images, images.flip(3)), error_of("mse")(images, images.flip(3)))


@pytest.mark.parametrize("name", ["huber", "log_cosh"])
def test_the_unit_of_the_pixels_changes_nothing_where_an_error_is_linear_beyond_one(
    name: str,
) -> None:
    part = training_part()
    error = ReconstructionError.fit(name, part)
    images = next(part.batches())
    scaled = ReconstructionError(error.weights, error.units, error.rms * 8)
    torch.testing.assert_close(
        error(images, images.flip(3)), scaled(images * 8, images.flip(3) * 8)
    )


@pytest.mark.parametrize("name", LOSSES)
def test_every_error_has_a_gradient_where_an_image_is_blank_or_has_one_brightness(
    name: str,
) -> None:
    images, others = pair()
    images[0] = 0
    images[1] = 0.5
    others[2] = 0.25
    others = others.clamp(0, 1).requires_grad_()
    found = error_of(name)(images, others)
    assert torch.isfinite(found).all()
    (gradient,) = torch.autograd.grad(found.sum(), others)
    assert torch.isfinite(gradient).all()


def test_cross_correlation_of_blank_images_alone_can_be_learnt_from() -> None:
    images, others = torch.zeros(3, 1, 16, 16), pair()[1][:3, :1].requires_grad_()
    found = error_of("ncc")(images, others)
    assert found.tolist() == [1, 1, 1]
    (gradient,) = torch.autograd.grad(found.sum(), others)
    assert not gradient.any()
