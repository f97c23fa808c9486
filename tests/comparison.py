"""Whether two folders of results hold the same, file by file.

Left out, because they differ between two runs that nothing disturbed: logs and benchmarks, the
column `seconds` of a training's history with the checksum that the provenance records of it, and
the commit of the code, which an edit beside a running test changes.
"""

import io
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import torch

APART = ("logs", "benchmarks")
COMMIT = "git_commit"
TIMED = "history.csv"


def contents(directory: Path) -> dict[str, Any]:
    """What every file in `directory`/results holds, by its path below results."""
    results = directory / "results"
    return {
        str(path.relative_to(results)): content(path)
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.relative_to(results).parts[0] not in APART
    }


def differences(directory: Path, undisturbed: dict[str, Any]) -> list[str]:
    """The files that differ from an undisturbed run's, that are missing, or that are left over."""
    found = contents(directory)
    names = found.keys() | undisturbed.keys()
    return sorted(name for name in names if found.get(name) != undisturbed.get(name))


def content(path: Path) -> Any:
    """What a file holds, to compare with that of another; the bytes of one that cannot be read."""
    written = path.read_bytes()
    try:
        return _read(path.name, written)
    except Exception:  # whatever a damaged file brings about
        return written


def _read(name: str, written: bytes) -> Any:
    if name.endswith(".h5"):
        found: dict[str, Any] = {}
        with h5py.File(io.BytesIO(written)) as file:
            found[""] = _attributes(file)
            file.visititems(lambda inner, item: found.update({inner: _values(item)}))
        return found
    if name == TIMED:
        return pd.read_csv(io.BytesIO(written)).drop(columns="seconds").to_csv()
    if name == "provenance.json":
        record = json.loads(written)
        for file, facts in record["files"].items():
            if file.endswith(f"/{TIMED}"):
                del facts["sha256"]
        return record | {COMMIT: None}
    if name.endswith(".pt"):
        return _comparable(torch.load(io.BytesIO(written), weights_only=True))
    return written


def _comparable(saved: Any) -> Any:
    """What PyTorch saved, its tensors as bytes."""
    if isinstance(saved, torch.Tensor):
        return saved.numpy().tobytes()
    if isinstance(saved, dict):
        return {name: _comparable(value) for name, value in saved.items() if name != COMMIT}
    if isinstance(saved, (list, tuple)):
        return [_comparable(value) for value in saved]
    return saved


def _attributes(item: h5py.Dataset | h5py.Group) -> dict[str, Any]:
    return {
        name: np.asarray(value).tolist() for name, value in item.attrs.items() if name != COMMIT
    }


def _values(item: h5py.Dataset | h5py.Group) -> tuple:
    if isinstance(item, h5py.Group):
        return (_attributes(item),)
    array = np.asarray(item)
    return _attributes(item), array.dtype.str, array.shape, array.tobytes()
