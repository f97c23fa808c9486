"""The workflow as others use it: from either Snakefile, and as a module, on disk or hosted."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import REPO, TINY, run_workflow, write_tiny_samples

# the least of which there is a page: tests/workflow/test_whole_run.py has all rules
CONFIG = TINY | {
    "seeds": [1],
    "results": "found",
    "samples": {
        "normal": TINY["samples"]["normal"],
        "tests": {"low": TINY["samples"]["tests"]["low"]},
    },
}


def run(
    directory: Path, *arguments: str, cache: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
    environment = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
    return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True)


def jobs(printed: str) -> dict[str, str]:
    """How many jobs of each rule a dry run announces."""
    stats = printed.split("Job stats:")[1].split("total")[0]
    return dict(re.findall(r"^(\w+) +(\d+)$", stats, re.MULTILINE))


ON_DISK = f'"{REPO}/workflow/Snakefile"'
HOSTED = 'github("an/oddjet", path="workflow/Snakefile", tag="v0")'


def as_module(
    directory: Path,
    renamed: str = "",
    snakefile: str = ON_DISK,
    config: Mapping[str, Any] = CONFIG,
) -> Path:
    """A workflow that has this one as a module and makes something of its summary."""
    write_tiny_samples(directory)
    (directory / "mine.yaml").write_text(yaml.safe_dump({"jets": dict(config)}), "utf-8")
    (directory / "Snakefile").write_text(
        'configfile: "mine.yaml"\n\n\n'
        f"module oddjet:\n    snakefile: {snakefile}\n"
        '    config: config["jets"]\n\n\n'
        f"use rule * from oddjet{renamed}\n\n\n"
        "rule mine:\n    default_target: True\n"
        '    input: "found/summary.csv", "found/summary.html"\n    output: "mine.csv"\n'
        '    shell: "cp {input[0]} {output}"\n',
        "utf-8",
    )
    return directory


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = as_module(tmp_path_factory.mktemp("module"))
    done = run(directory)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return directory


def test_both_snakefiles_and_a_module_announce_the_same_jobs(
    tiny_samples: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = CONFIG | {"samples": TINY["samples"]}
    found = [
        jobs(run_workflow("-n", config=config, directory=tiny_samples, snakefile=file).stdout)
        for file in (REPO / "Snakefile", REPO / "workflow" / "Snakefile")
    ]
    module = as_module(tmp_path_factory.mktemp("announced"), config=config)
    assert found[0] == found[1] == jobs(run(module, "-n", "all").stdout)
    assert found[0]["all"] == "1" and found[0]["supervise"] == "1"


def test_rules_of_a_module_may_be_renamed(tmp_path: Path) -> None:
    announced = jobs(run(as_module(tmp_path, " as jets_*"), "-n").stdout)
    assert announced["jets_train"] == "1" and announced["mine"] == "1"


def test_a_module_runs_and_its_page_is_filled_in_with_its_own_configuration(ran: Path) -> None:
    assert (ran / "mine.csv").read_text("utf-8").startswith("model,test,fraction,low,high")
    page = (ran / "found/summary.html").read_text("utf-8")
    assert "confidence 0.68" in page  # a caption reads it from the configuration
    assert not (ran / "results").exists()


def test_a_module_reruns_nothing_that_is_done(ran: Path) -> None:
    done = run(ran, "-n")
    assert "Nothing to be done" in done.stderr + done.stdout


def test_a_module_from_a_tagged_repository_brings_its_package_along(tmp_path: Path) -> None:
    # as Snakemake would have cloned it; here nothing can be fetched
    cloned = "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/an/oddjet"
    repository, cache = tmp_path / "repository", tmp_path / "cache"
    repository.mkdir()
    for name in ("workflow", "config", "envs", "profiles"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPO / name, repository / name, symlinks=True, ignore=ignored)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"], ["tag", "v0"]):
        subprocess.run([*git, *command], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", ".", str(cache / cloned)], check=True)
    directory = as_module(tmp_path / "run", snakefile=HOSTED)
    done = run(directory, cache=cache)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert (directory / "mine.csv").is_file()
