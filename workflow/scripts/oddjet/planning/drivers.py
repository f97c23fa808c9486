"""Whether a GPU can be used on this machine, asked without PyTorch: its import takes seconds."""

from pathlib import Path

# on Linux, in its Windows subsystem, and with ROCm
PLACES = ("/proc/driver/nvidia", "/dev/dxg", "/dev/kfd")


def loaded() -> bool:
    """Whether the driver of a GPU is loaded."""
    return any(Path(place).exists() for place in PLACES)


def gpus(device: str, here: bool) -> int:
    """How many GPUs a training asks for: none where none is used, so that others run beside it.

    Args:
        device: as configured: `auto`, `cpu` or `cuda`.
        here: whether it runs on this machine.
    """
    none_here = here and not loaded()
    return 0 if device == "cpu" or (device == "auto" and none_here) else 1
