"""The documented script of a stranger, who has numpy, h5py and onnxruntime, and nothing else."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import REPO

PACKAGES = ("numpy", "h5py", "onnxruntime")


def snippets() -> list[str]:
    """The pieces of Python in the documentation, the script first."""
    text = (REPO / "docs" / "publish_onnx.md").read_text("utf-8")
    return [piece.split("```")[0] for piece in text.split("```python\n")[1:]]


def run_as_a_stranger(*arguments: str | Path) -> str:
    """Run the script with arguments; what it says.

    Python starts without the folder of installed packages, and finds links to the three.
    """
    script = snippets()[0]
    assert len(script.strip().splitlines()) <= 15
    with TemporaryDirectory() as place:
        for package in PACKAGES:
            folder = Path(find_spec(package).origin).parent
            for one in (folder, folder.with_name(f"{package}.libs")):
                if one.exists():
                    Path(place, one.name).symlink_to(one)
        variables = {**os.environ, "PYTHONPATH": place}
        python = [sys.executable, "-S", "-c"]
        others = ["oddjet", "torch", "onnx", "scipy", "pandas", "sklearn"]
        found = f"from importlib.util import find_spec; print([*map(find_spec, {others})])"
        there = subprocess.run([*python, found], capture_output=True, text=True, env=variables)
        assert there.stdout == f"{[None] * len(others)}\n"
        command = [*python, script, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout
