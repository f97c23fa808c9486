"""Where there is a GPU: trainings repeat, resume and never wait for it; scores are the CPU's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import KINDS, LOSSES, architecture, setting
from device_steps import AUGMENTATION, images, training_step

from oddjet.train import training
from oddjet.train.checkpoint import Checkpoint
from oddjet.train.device_images import DeviceImages
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU, set_up_torch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
CUDA = torch.device("cuda", 0)
SETTINGS = {"epochs": 4, "batch_size": 16, "learning_rate": 1e-3, "patience": 9, "plateau": None}
SETTINGS |= {"augmentation": AUGMENTATION}


@pytest.fixture(autouse=True)
def global_settings() -> Iterator[None]:
    yield
    torch.cuda.set_sync_debug_mode("default")
    torch.use_deterministic_algorithms(False)


def trained(
    kind: str, device: torch.device, checkpoint: Checkpoint | None = None, **changed: Any
) -> training.Trained:
    set_up_torch(1, 1)
    given = setting(architecture(kind, latent=3), SETTINGS | changed) | {"smoothing": 1.0}
    return training.train(images(96, 1), images(32, 2), given, 1, device, checkpoint)


def assert_same(one: training.Trained, other: training.Trained) -> None:
    for name, value in one.model.state_dict().items():
        torch.testing.assert_close(value, other.model.state_dict()[name], rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_on_a_gpu_repeats_to_the_last_bit(kind: str) -> None:
    assert_same(trained(kind, CUDA), trained(kind, CUDA))


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_that_was_interrupted_on_a_gpu_ends_as_if_it_had_not_been(
    kind: str, tmp_path: Path
) -> None:
    class Stopped(Exception):
        pass

    class Interrupted(Checkpoint):
        def keep(self, parts: Any) -> None:
            self._next = 0.0  # it is written now
            super().keep(parts)
            if len(parts["progress"].history) == 2:
                raise Stopped

    made_from = {"seed": 1}
    with pytest.raises(Stopped):
        trained(kind, CUDA, Interrupted(tmp_path / "checkpoint.pt", made_from))
    resumed = trained(kind, CUDA, Checkpoint(tmp_path / "checkpoint.pt", made_from))
    assert_same(resumed, trained(kind, CUDA))


def waits_for_nothing(kind: str, loss: str) -> None:
    step = training_step(kind, loss, CUDA)
    step()  # what is made once, in the first step, may wait
    torch.cuda.set_sync_debug_mode("error")
    step()
    step()


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_of_a_training_waits_for_the_gpu(kind: str) -> None:
    waits_for_nothing(kind, "mse")


@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_waits_for_the_gpu(loss: str) -> None:
    waits_for_nothing("dense", loss)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_of_one_network_agree_between_gpu_and_cpu(kind: str) -> None:
    network = trained(kind, CUDA, epochs=1).model.eval()
    some = images(64, 3)
    found = {}
    for device in (CUDA, CPU):
        inputs = DeviceImages(some, MinMax.none(1, 1.0), device)
        error = ReconstructionError.fit("mse", inputs)
        with torch.no_grad():
            found[device] = network.to(device).score(inputs.dense(torch.arange(64)), error)[0].cpu()
    # sums in another order, in single precision
    torch.testing.assert_close(found[CUDA], found[CPU], rtol=1e-4, atol=1e-7)
