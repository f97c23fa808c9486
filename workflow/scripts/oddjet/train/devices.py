"""Which device a training computes on: a GPU, for itself or shared by so many, or the CPU."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from oddjet.common.errors import InputError
from oddjet.common.files import try_lock
from oddjet.train.torch_setup import CPU

log = logging.getLogger(__name__)

PAUSE = 1.0  # seconds between looks for a free GPU


@contextmanager
def leased(wish: str, per_gpu: int) -> Iterator[torch.device]:
    """Give the device to compute on; a place on a GPU is this process's own until the block ends.

    `auto` is a GPU where there is one, else the CPU. GPUs are those that `CUDA_VISIBLE_DEVICES`
    allows, each with `per_gpu` places; a GPU without any training comes before one that has some.
    Where all are leased it waits; but not in a SLURM job, where the GPUs were assigned to this job,
    so that a group of trainings shares them if there are fewer places than trainings.

    Raises:
        InputError: `cuda` is asked for and there is no GPU.
    """
    if wish == "cpu":
        yield CPU
        return
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        if wish == "cuda":
            raise InputError(
                "training.device",
                "cuda, but no CUDA GPU is visible here",
                "a GPU, and a PyTorch built for it",
                "set it to auto or cpu; nvidia-smi lists the GPUs, and CUDA_VISIBLE_DEVICES "
                f"({os.environ.get('CUDA_VISIBLE_DEVICES', 'not set')}) hides some.",
            )
        log.info("no CUDA GPU is visible here: computing on the CPU")
        yield CPU
        return
    # not their numbers: what is number 0 depends on CUDA_VISIBLE_DEVICES
    gpus = [str(torch.cuda.get_device_properties(index).uuid) for index in range(count)]
    places = [f"{gpu}_{place}" for place in range(per_gpu) for gpu in gpus]
    with _one_of(places, wait="SLURM_JOB_ID" not in os.environ) as place:
        index = place % count
        device = torch.device("cuda", index)
        torch.cuda.set_device(device)
        log.info("GPU %d of %d: %s", index + 1, count, torch.cuda.get_device_name(device))
        yield device


@contextmanager
def _one_of(places: Sequence[str], wait: bool) -> Iterator[int]:
    """Lock one of the places for the time of the block; give its number.

    The kernel frees the lock when this process ends, however it ends. The lock files lie where all
    runs of this user on this machine find them.
    """
    folder = Path(tempfile.gettempdir(), f"oddjet-{os.getuid()}")
    folder.mkdir(mode=0o700, exist_ok=True)
    waiting = False
    while True:
        for number, place in enumerate(places):
            if lock := try_lock(folder / f"{place}.lock"):
                with lock:
                    yield number
                return
        if not wait:
            log.info("the GPUs of this SLURM job have no free place: sharing the first")
            yield 0
            return
        if not waiting:
            log.info("all %d places on GPUs are leased: waiting for one", len(places))
            waiting = True
        time.sleep(PAUSE)


@contextmanager
def memory_errors_explained(device: torch.device, batch_size: int) -> Iterator[None]:
    """Say what to do where the GPU has no memory left.

    Raises:
        InputError: in place of PyTorch's own error.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        free, total = (size / 2**30 for size in torch.cuda.mem_get_info(device))
        raise InputError(
            "training.batch_size",
            f"{batch_size}, for which {torch.cuda.get_device_name(device)} has no memory left "
            f"({free:.1f} of {total:.1f} GiB are free)",
            "batches that fit beside the images of the training",
            "halve training.batch_size; nvidia-smi shows what else uses the GPU.",
        ) from error
