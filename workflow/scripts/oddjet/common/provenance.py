"""What made a file: configuration, inputs, code and versions."""

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from oddjet.common.files import sha256

PACKAGES = ("h5py", "numpy", "pandas", "scikit-learn", "scipy", "torch")


def describe(
    configuration: Mapping[str, Any], inputs: Mapping[str, str | Path], **more: Any
) -> dict[str, str]:
    """Describe a computation as text attributes, the same for the same computation.

    Args:
        configuration: the part of the configuration that the computation depends on.
        inputs: its input files by role; each is recorded by its SHA-256.
        more: further facts, recorded under their own names.
    """
    return {
        "configuration": json.dumps(configuration, sort_keys=True),
        "inputs": json.dumps({role: sha256(path) for role, path in inputs.items()}, sort_keys=True),
        "packages": json.dumps({name: version(name) for name in PACKAGES}),
        "python": platform.python_version(),
        "git_commit": git_commit(),
        **{name: str(value) for name, value in more.items()},
    }


def git_commit() -> str:
    """The commit of the workflow's code, `-dirty` behind it where files differ; else `unknown`."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        answer = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return answer.stdout.strip()
