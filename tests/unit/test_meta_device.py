"""On PyTorch's meta device, which holds no numbers, nothing waits for or mixes with the host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from conftest import KINDS, LOSSES
from device_steps import images, started, training_step
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from oddjet.train.device_images import DeviceImages
from oddjet.train.normalisation import MinMax

META = torch.device("meta")


@pytest.fixture(autouse=True)
def global_settings() -> Iterator[None]:
    yield
    torch.use_deterministic_algorithms(False)


class _Operations(TorchDispatchMode):
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        found = func(*args, **kwargs)
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        # one number in main memory goes with the call
        places = {one.device.type for one in given if one.ndim}
        if func is torch.ops.aten._to_copy.default:
            if places | {found.device.type} == {"cpu", "meta"} and not kwargs.get("non_blocking"):
                raise RuntimeError("a copy that is waited for")
        elif len(places) > 1:
            raise RuntimeError(f"{func} of tensors on the device and in main memory")
        return found


class _Calls(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if func in (torch.tensor, torch.as_tensor) and found.device == META:
            raise RuntimeError("numbers of Python's, which are waited for")
        return found


@contextmanager
def nothing_waits() -> Iterator[None]:
    """Raise in what would make a GPU wait or fail, of all that the meta device allows.

    It raises by itself where a number is read from it, be it for a branch or for a shape.
    """
    with _Operations(), _Calls():
        yield


def in_the_gradient(x: Tensor) -> None:
    y = x.clone().requires_grad_()
    y.register_hook(lambda gradient: gradient @ torch.ones(3, 3))
    y.square().sum().backward()


@pytest.mark.parametrize(
    "waits",
    [
        lambda x: x.sum().item(),
        lambda x: float(x.mean()),
        lambda x: x if x.max() > 0 else -x,
        lambda x: x[x > 0],
        lambda x: x.cpu(),
        lambda x: x + torch.ones(3, 3),
        lambda x: x @ torch.ones(3, 3),
        lambda x: x[torch.arange(2)],
        lambda x: torch.ones(3).to(x.device),
        lambda x: torch.tensor([1.0, 2.0], device=x.device),
        in_the_gradient,
    ],
)
def test_what_waits_for_the_device_or_mixes_it_with_main_memory_is_seen(
    waits: Callable[[Tensor], Any],
) -> None:
    with nothing_waits(), pytest.raises((RuntimeError, NotImplementedError)):
        waits(torch.ones(3, 3, device=META))


def waits_for_nothing(step: Callable[[], Tensor]) -> None:
    step()  # what is made once, in the first step, may wait
    with nothing_waits():
        assert step().device == META


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_of_a_training_waits(kind: str) -> None:
    waits_for_nothing(training_step(kind, "mse", META))


@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_waits(loss: str) -> None:
    waits_for_nothing(training_step("dense", loss, META))


@pytest.mark.parametrize("kind", KINDS)
def test_no_score_waits(kind: str) -> None:
    model, error, inputs = started(kind, "fourth_root", META)
    model = model.to(model.SCORED_IN)
    batch = inputs.dense(torch.arange(32)).to(model.SCORED_IN)
    with nothing_waits(), torch.no_grad():
        scores, latents = model.score(batch, error)
    assert scores.shape == (32,)
    assert latents.shape == (32, 3)
    assert scores.device == latents.device == META


@pytest.mark.parametrize("keep", [False, True])
def test_making_images_dense_smooth_and_normalised_does_not_wait(keep: bool) -> None:
    inputs = DeviceImages(images(48, 1), MinMax((0.1,), (0.9,), 0.7), META, keep=keep)

    def dense() -> Tensor:
        return inputs.dense(torch.randperm(48)[:16])

    waits_for_nothing(dense)
    assert dense().shape == (16, 1, 32, 32)
