"""Devices: a GPU for each training, whoever started it, and freed by its death."""

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from conftest import REPO

from oddjet.common.errors import InputError
from oddjet.train import devices


@pytest.fixture(autouse=True)
def own_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Locks in a place of the test's own, outside any SLURM job."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)


def plug_in(monkeypatch: pytest.MonkeyPatch, *gpus: str) -> list[torch.device]:
    """Let PyTorch see these GPUs; what becomes its current device is listed."""
    current: list[torch.device] = []
    for name, fake in {
        "is_available": lambda: bool(gpus),
        "device_count": lambda: len(gpus),
        "get_device_properties": lambda index: SimpleNamespace(uuid=gpus[index]),
        "get_device_name": lambda device: f"Tesla {device.index}",
        "set_device": current.append,
        "mem_get_info": lambda device: (2**29, 2**33),
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    return current


def test_with_no_gpu_auto_is_the_cpu_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plug_in(monkeypatch)
    with devices.leased("auto", 1) as device:
        assert device.type == "cpu"
    assert "no CUDA GPU is visible here: computing on the CPU" in caplog.text


def test_cuda_with_no_gpu_is_an_error_that_says_what_else_can_be_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plug_in(monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with pytest.raises(InputError, match=r"training\.device: found cuda, but no") as raised:
        devices.leased("cuda", 1).__enter__()
    assert "auto or cpu" in str(raised.value)
    assert "CUDA_VISIBLE_DEVICES (-1)" in str(raised.value)


def test_the_cpu_leases_no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plug_in(monkeypatch, "a")
    with devices.leased("cpu", 1) as device:
        assert device.type == "cpu"
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wish", ["auto", "cuda"])
def test_each_training_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch, wish: str) -> None:
    current = plug_in(monkeypatch, "a", "b")
    with devices.leased(wish, 1) as first, devices.leased(wish, 1) as second:
        assert [str(first), str(second)] == ["cuda:0", "cuda:1"]
        assert current == [first, second]
    with devices.leased(wish, 1) as again:
        assert str(again) == "cuda:0"


def test_trainings_share_gpus_up_to_per_gpu_and_spread_over_them_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plug_in(monkeypatch, "a", "b")
    with ExitStack() as stack:
        held = [stack.enter_context(devices.leased("auto", 2)).index for _ in range(4)]
        assert held == [0, 1, 0, 1]
        with pytest.raises(Waited):
            lease_or_wait(monkeypatch, per_gpu=2)
    assert "all 4 places on GPUs are leased: waiting for one" in caplog.text


def test_a_gpu_is_the_same_gpu_under_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    # two runs with CUDA_VISIBLE_DEVICES=0,1 and =1,0
    plug_in(monkeypatch, "a", "b")
    with devices.leased("auto", 1) as here:
        plug_in(monkeypatch, "b", "a")
        with devices.leased("auto", 1) as there:
            assert (here.index, there.index) == (0, 0)
            with pytest.raises(Waited):
                lease_or_wait(monkeypatch)


class Waited(Exception):
    pass


def lease_or_wait(monkeypatch: pytest.MonkeyPatch, per_gpu: int = 1) -> None:
    def sleep(seconds: float) -> None:
        raise Waited

    monkeypatch.setattr(devices.time, "sleep", sleep)
    with devices.leased("auto", per_gpu):
        pass


def test_only_gpus_that_are_visible_are_leased(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plug_in(monkeypatch, "a", "b")
    with devices.leased("auto", 1):
        plug_in(monkeypatch, "a")  # CUDA_VISIBLE_DEVICES hides b
        with pytest.raises(Waited):
            lease_or_wait(monkeypatch)
    assert "all 1 places on GPUs are leased: waiting for one" in caplog.text


def test_in_a_slurm_job_trainings_take_different_gpus_and_share_when_there_are_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    plug_in(monkeypatch, "a", "b")
    with (
        devices.leased("auto", 1) as a,
        devices.leased("auto", 1) as b,
        devices.leased("auto", 1) as c,
    ):
        assert [a.index, b.index, c.index] == [0, 1, 0]


HOLDS = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from oddjet.train.devices import _one_of
with _one_of(sys.argv[2:], wait=True) as index:
    print(sys.argv[2:][index], flush=True)
    sys.stdin.read()
"""


def holder(folder: Path, gpus: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder), *gpus],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPO / "workflow" / "scripts")},
    )


def test_a_killed_training_frees_its_gpu_for_the_one_that_waits(tmp_path: Path) -> None:
    processes = [holder(tmp_path, ["a", "b"]) for _ in range(3)]
    try:
        held = {}
        while len(held) < 2:  # two of the three print what they hold; the third waits
            for process in processes:
                os.set_blocking(process.stdout.fileno(), False)
                if process not in held and (line := process.stdout.readline()):
                    held[process] = line.strip()
        assert sorted(held.values()) == ["a", "b"]
        (waiting,) = (process for process in processes if process not in held)
        victim, freed = held.popitem()
        victim.kill()
        victim.wait()
        os.set_blocking(waiting.stdout.fileno(), True)
        assert waiting.stdout.readline().strip() == freed
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_no_memory_left_on_the_gpu_names_the_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(monkeypatch, "a")
    device = torch.device("cuda", 0)
    with (
        pytest.raises(
            InputError, match=r"training\.batch_size: found 4096, for which Tesla 0"
        ) as e,
        devices.memory_errors_explained(device, 4096),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
    assert "0.5 of 8.0 GiB are free" in str(e.value)
    assert "halve training.batch_size" in str(e.value)


def test_other_errors_are_left_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="another"), devices.memory_errors_explained(None, 1):
        raise RuntimeError("another")
