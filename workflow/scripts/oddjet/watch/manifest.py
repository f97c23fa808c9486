"""What made every result, in one file beside them, and whether they are still as they were made."""

import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oddjet.common.errors import InputError
from oddjet.common.files import sha256
from oddjet.common.provenance import git_commit
from oddjet.planning.fingerprint import PACKAGE, versions


def manifest(config: Mapping[str, Any], jobs: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Describe all results, the same for the same results.

    Args:
        config: the whole configuration.
        jobs: of each job its `rule`, `wildcards`, `params`, `inputs` and `outputs`.

    Returns:
        `configuration`, `git_commit`, `python`, `packages` (name: version), `raw` (path: SHA-256 of
        the files that no job made) and `files`: by path `sha256`, `rule`, `wildcards`, `parameters`
        (`code` is the hash of what the rule computes with) and `inputs`.
    """
    files = {
        path: {
            "sha256": sha256(path),
            "rule": job["rule"],
            "wildcards": job["wildcards"],
            "parameters": job["params"],
            "inputs": job["inputs"],
        }
        for job in jobs
        for path in job["outputs"]
    }
    raw = {path for facts in files.values() for path in facts["inputs"]} - set(files)
    packages: dict[str, str] = {}
    for script in PACKAGE.parent.glob("*.py"):
        packages |= versions(script)
    return {
        "configuration": config,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "packages": {name: packages[name] for name in sorted(packages) if packages[name]},
        # those of temporary files are gone
        "raw": {path: sha256(path) for path in sorted(raw) if Path(path).exists()},
        "files": files,
    }


def verify(
    path: str | Path, results: str | Path, unrecorded: Iterable[str | Path]
) -> tuple[int, list[str]]:
    """Compare raw files and results with the manifest `path`.

    Args:
        path: the manifest as JSON.
        results: the folder in which nothing else should lie.
        unrecorded: folders in it that the manifest says nothing about.

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
