"""PyTorch made quick and repeatable."""

import os
from typing import TypeVar

import torch
from torch import nn

from oddjet.common import memory

Network = TypeVar("Network", bound=nn.Module)
CPU = torch.device("cpu")


def set_up_torch(seed: int, threads: int) -> None:
    """Make what follows quick, and the same on every run on one machine with as many threads."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is repeatable only with it
    torch.set_num_threads(threads)
    # what use_deterministic_algorithms does as well, which imports torch.compile for 1.5 s
    torch.set_deterministic_debug_mode("warn")
    # nothing here reads memory that it has not written
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    # a sigmoid over dark pixels makes denormal gradients, which cost a CPU many times the time
    torch.set_flush_denormal(True)
    memory.keep_freed()


def moved(network: Network, device: torch.device) -> Network:
    """The network on a device, its weights laid out as convolutions are fastest there."""
    network = network.to(device)
    if device.type == "cpu":  # docs/performance.md
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network
