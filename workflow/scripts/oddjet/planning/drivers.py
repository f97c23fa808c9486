"""Whether a GPU can be used on this machine, asked without PyTorch: its import takes seconds."""

from pathlib import Path

# on Linux, in its Windows subsystem, and with ROCm
PLACES = ("/proc/driver/nvidia", "/dev/dxg", "/dev/kfd")


def loaded() -> bool:
    """Whether the driver of a GPU is loaded."""
    return any(Path(place).exists() for place in PLACES)
