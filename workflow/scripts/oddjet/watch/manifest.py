"""What made every result, in one file beside them, and whether they are still as they were made."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py

from oddjet.common.errors import InputError
from oddjet.common.files import as_made, sha256
from oddjet.common.provenance import git_commit
from oddjet.planning.contents import checksums
from oddjet.planning.fingerprint import PACKAGE, versions


def manifest(config: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe all results, the same for the same results.

    What is not there is left out: pieces of samples that were prepared otherwise, or were deleted.

    Args:
        config: the whole configuration.
        jobs: of each job its `rule`, `wildcards`, `params`, `inputs`, `raw` and `outputs`.

    Returns:
        `configuration`, `git_commit`, `python`, `packages` (name: version), `raw` (path: SHA-256 of
        the files that no job made, and of those that they refer to, as the jobs read them) and
        `files`: by path `sha256`, `rule`, `wildcards`, `parameters` (`code` is the hash of what the
        rule computes with) and `inputs`.

    Raises:
        InputError: jobs read one raw file with different contents, or a result was changed.
    """
    jobs = list(jobs)
    outputs = [path for job in jobs for path in job["outputs"]]
    made = {path: sha256(path) for path in outputs if Path(path).is_file()}
    for path, checksum in made.items():
        as_made(path, checksum)
    files = {
        path: {
            "sha256": made[path],
            "rule": job["rule"],
            "wildcards": job["wildcards"],
            "parameters": job["params"],
            "inputs": job["inputs"],
        }
        for job in jobs
        for path in job["outputs"]
        if path in made
    }
    packages: dict[str, str] = {}
    for script in PACKAGE.parent.glob("*.py"):
        packages |= versions(script)
    return {
        "configuration": config,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "packages": {name: packages[name] for name in sorted(packages) if packages[name]},
        "raw": _read(jobs, made=set(files)),
        "files": files,
    }


def _read(jobs: Iterable[Mapping[str, Any]], made: set[str]) -> dict[str, str]:
    """SHA-256 of the raw files by path, as it stands in what was prepared from them.

    Raises:
        InputError: jobs read one of them with different contents.
    """
    found: dict[str, str] = {}
    for job in jobs:
        for file, recorded in zip(job["raw"], _recorded(job["outputs"]), strict=False):
            for path, checksum in zip([] if file in made else _paths(file), recorded, strict=False):
                if checksum and found.setdefault(path, checksum) != checksum:
                    raise InputError(
                        path,
                        "that it changed between two jobs that read it",
                        "the same content for all results",
                        "give the same command again when nothing writes to it any more.",
                    )
    return dict(sorted(found.items()))


def _recorded(outputs: Iterable[str]) -> list[list[str | None]]:
    """The checksums of what a job read of each raw file; none where it read no such file."""
    for path in filter(h5py.is_hdf5, outputs):
        with h5py.File(path) as output:
            if "raw" in output.attrs:
                return json.loads(output.attrs["raw"])
    return []


def _paths(file: str) -> list[str]:
    """A raw file and what it refers to, as paths of the same kind."""
    try:
        _, *others = checksums(file)
    except OSError:  # it is gone
        others = []
    return [
        file,
        *(str(other) if Path(file).is_absolute() else os.path.relpath(other) for other in others),
    ]


def verify(
    path: str | Path, results: str | Path, unrecorded: Iterable[str | Path]
) -> tuple[int, list[str]]:
    """Compare raw files and results with the manifest `path`.

    Args:
        path: the manifest as JSON.
        results: the folder in which nothing else should lie.
        unrecorded: folders and files in it that the manifest says nothing about.

    Returns:
        How many files were compared, and a line for each file that is not as it was, is missing, or
        was not recorded.

    Raises:
        InputError: there is no manifest, or it cannot be read.
    """
    try:
        record = json.loads(Path(path).read_text("utf-8"))
        known = {
            **{
                raw: (checksum, "the results were made from it")
                for raw, checksum in record["raw"].items()
            },
            **{
                file: (facts["sha256"], f"{facts['rule']} made it")
                for file, facts in record["files"].items()
            },
        }
    except FileNotFoundError as error:
        raise InputError(
            path, "no such file", "what a whole run records", "run the workflow to its end."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            path, "a damaged record", "what a whole run records", f"delete {path} and run again."
        ) from error
    wrong = []
    for file, (checksum, since) in known.items():
        if not Path(file).is_file():
            wrong.append(f"missing: {file}")
        elif sha256(file) != checksum:
            wrong.append(f"changed since {since}: {file}")
    beside = {Path(path), *map(Path, known)}
    for found in sorted(Path(results).rglob("*")):
        skipped = any(found.is_relative_to(folder) for folder in unrecorded)
        if found.is_file() and not skipped and found not in beside:
            wrong.append(f"not made by the last whole run: {found}")
    return len(known), wrong
