"""What several tests share: tiny samples, and the real workflow run on them."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from modulefinder import ModuleFinder
from pathlib import Path
from typing import Any

# Processes that share the cores, each with a thread for every core, would wait for each other.
# Jobs have the threads that Snakemake gives them.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pytest
import yaml

REPO = Path(__file__).resolve().parents[1]
SIZE = 16  # pixels per side of the tiny images
NORMAL, EACH_TEST = 120, 40  # events

# Two epochs of a small model: the road is walked, nothing is learnt. 30% of 120 normal jets are 36
# control jets; 29 are needed to prove a false positive rate of 10% at 95% confidence.
TINY: dict[str, Any] = {
    "samples": {
        "normal": {"file": "raw/normal.npz"},
        "tests": {
            "low": {"file": "raw/low.npz"},
            "high": {"file": "raw/high.npz", "truth": {"file": "raw/truth.npz", "key": "high"}},
        },
    },
    "models": {"S": {"latent": 2, "error": "mse"}},
    "baselines": {"principal_components": 4},
    "supervised": {"epochs": 1},
    "seeds": [1, 2],
    "split": {"control": 0.3},
    "training": {"epochs": 2, "batch_size": 16, "device": "cpu"},
    "fraction": {"bootstrap": 100},
    "clusters": {"bootstrap": 20},
}


# What imports what, found by the standard library

SCRIPTS = REPO / "workflow" / "scripts"
# The scripts that load modules of a folder of the package by their names. Snakemake's jobs write
# down what they loaded: tests/dag/test_rebuilds.py compares.
LOADERS = {
    "train/models": {"train.py", "score.py", "export_scores.py"},
    "train/losses": {"train.py", "score.py", "export_scores.py"},
    "prepare/readers": {
        *("find_jets.py", "prepare_normal.py", "prepare_test.py", "prepare_truth.py"),
        *("read_piece.py", "measure_crop.py"),
    },
    "estimate/estimators": {"estimate_fractions.py", "measure_coverage.py"},
    "estimate/checks": {"estimate_fractions.py", "measure_coverage.py"},
}
# beside the kinds: what they have in common
SHARED_BY_KINDS = {"base", "discriminator"}


def plugins(folder: str) -> list[str]:
    """The names of the modules in a folder of `LOADERS`, those that are loaded by others apart."""
    names = {path.stem for path in (SCRIPTS / "oddjet" / folder).glob("*.py")}
    return sorted(names - {"__init__"} - SHARED_BY_KINDS)


def finder_of(script: Path, *loaded: str) -> ModuleFinder:
    """What a script imports, with modules that it loads by their names, and what these import.

    Of this repository; the rest counts as missing there.
    """
    finder = ModuleFinder(path=[str(SCRIPTS)])
    finder.run_script(str(script))
    for module in loaded:
        finder.import_hook(module)
    return finder


def packages_of(folder: str, name: str) -> set[str]:
    """The packages that a module of a folder of `LOADERS` imports, transitively."""
    finder = ModuleFinder(path=[str(SCRIPTS)])
    finder.import_hook(f"oddjet.{folder}.{name}".replace("/", "."))
    return {missing.split(".")[0] for missing in finder.badmodules}


def modules_of(finder: ModuleFinder) -> set[str]:
    """The files of the package that are imported, below workflow/scripts."""
    return {
        str(Path(module.__file__).relative_to(SCRIPTS))
        for module in finder.modules.values()
        if module.__file__ and module.__name__.startswith("oddjet")
    }


def _finders(with_plugins: bool = False) -> dict[str, ModuleFinder]:
    found = {}
    for script in sorted(SCRIPTS.glob("*.py")):
        loaded = [
            f"oddjet.{folder}.{name}".replace("/", ".")
            for folder, loaders in LOADERS.items()
            for name in plugins(folder)
            if with_plugins and script.name in loaders
        ]
        found[script.name] = finder_of(script, *loaded)
    return found


# the list of all formats is in no job's hash: that of each job has the reader of its own
OF_ALL_FORMATS = "oddjet/planning/formats.py"


def importers() -> dict[str, set[str]]:
    """The scripts that import each module of the package, transitively; none loads it by its name.

    Which jobs load a module by its name depends on their configuration: `WholeRun.loaded`.
    """
    files = (SCRIPTS / "oddjet").rglob("*.py")
    found: dict[str, set[str]] = {str(path.relative_to(SCRIPTS)): set() for path in files}
    for script, finder in _finders().items():
        for module in modules_of(finder):
            found[module].add(script)
    return found | {OF_ALL_FORMATS: set()}


def packages(with_plugins: bool = False) -> dict[str, set[str]]:
    """The scripts that import each package from outside the standard library, transitively.

    With plugins, also those that may import it through a module that they load by its name.
    """
    found: dict[str, set[str]] = {}
    for script, finder in _finders(with_plugins).items():
        for name in finder.badmodules:
            root = name.split(".")[0]
            if root not in sys.stdlib_module_names | {"oddjet"}:
                found.setdefault(root, set()).add(script)
    return found


# Parameters of images, models and trainings

IMAGES = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))["images"]

AUGMENTATIONS = ("rotate", "flip_eta", "flip_phi", "shift_phi")
NO_AUGMENTATION = dict.fromkeys(AUGMENTATIONS, False)


SCHEMA = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
KINDS = SCHEMA["$defs"]["model"]["properties"]["kind"]["enum"]
LOSSES = SCHEMA["$defs"]["error_name"]["enum"]


def architecture(kind: str, **given: Any) -> dict[str, Any]:
    """All parameters of a model of this kind: those given, and the schema's defaults."""
    model = SCHEMA["$defs"]["model"]
    found = {}
    for part in [model, *(_branch(branch, kind) for branch in model["allOf"])]:
        for name, parameter in part.get("properties", {}).items():
            if "default" in parameter and name not in ("loss", "error", "threads"):
                found[name] = parameter["default"]
    return found | {"kind": kind} | given


def _branch(branch: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    wanted = branch["if"]["properties"]["kind"]
    holds = kind in wanted.get("enum", [wanted.get("const")])
    return branch.get("then" if holds else "else", {})


def setting(model: Mapping[str, Any], training: Mapping[str, Any]) -> dict[str, Any]:
    """What a training is made with: squared errors of images that are not smoothed."""
    return {"model": model, "training": training, "loss": "mse", "smoothing": 0.0}


# Tiny samples


def blobs(rng: np.random.Generator, centres: list[tuple[float, float]], size: int) -> np.ndarray:
    """An image (size, size) of sum 1 with a blob of three pixels' width at each centre."""
    y, x = np.mgrid[:size, :size]
    image = np.zeros((size, size))
    for row, column in centres:
        image += rng.uniform(0.5, 1.0) * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 2)
    image *= rng.uniform(0.8, 1.2, image.shape)
    image[image < 0.05] = 0  # as of a jet image, most pixels are zero
    return image / image.sum()


def qcd_jet(rng: np.random.Generator, size: int = SIZE) -> np.ndarray:
    """A bright core alone."""
    return blobs(rng, [(size / 2 - 0.5, size / 2 - 0.5)], size)


def top_jet(rng: np.random.Generator, size: int = SIZE) -> np.ndarray:
    """Three prongs a quarter of the image from its middle."""
    angles = rng.uniform(0, 2 * np.pi) + np.arange(3) * 2 * np.pi / 3
    middle, away = size / 2 - 0.5, size / 4
    centres = [(middle + away * np.sin(a), middle + away * np.cos(a)) for a in angles]
    return blobs(rng, centres, size)


def jets(events: int, tops: int = 0, seed: int = 0, size: int = SIZE) -> np.ndarray:
    """Images float32 (events, size, size), the first `tops` of them top-like."""
    rng = np.random.default_rng(seed)
    kinds = [top_jet] * tops + [qcd_jet] * (events - tops)
    return np.stack([kind(rng, size) for kind in kinds]).astype(np.float32)


def write_tiny_samples(directory: Path, tests: Mapping[str, int] | None = None) -> Path:
    """Write raw/normal.npz, signal.npz, {test}.npz (by its number of tops) and truth.npz."""
    raw = directory / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(raw / "normal.npz", normal_data=jets(NORMAL, seed=1))
    np.savez_compressed(raw / "signal.npz", jets(EACH_TEST, EACH_TEST, seed=9))
    truth = {}
    for seed, (test, tops) in enumerate((tests or {"low": 12, "high": 28}).items(), 2):
        order = np.random.default_rng(seed).permutation(EACH_TEST)
        images = jets(EACH_TEST, tops, seed)[order]
        np.savez_compressed(raw / f"{test}.npz", test_data=images)
        truth[test] = (order < tops).astype(np.int64)
    np.savez_compressed(raw / "truth.npz", **truth)
    return raw


@pytest.fixture
def tiny_samples(tmp_path: Path) -> Path:
    """A working directory with the raw files that TINY names."""
    write_tiny_samples(tmp_path)
    return tmp_path


@pytest.fixture
def tiny_config() -> dict[str, Any]:
    """A copy of TINY to change."""
    return deepcopy(TINY)


# The real workflow


def snakemake_arguments(
    *arguments: str, config: Mapping[str, Any], directory: Path, snakefile: Path
) -> list[str]:
    """The command line of Snakemake for `directory`, where `config` is written."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "config.yaml"
    file.write_text(yaml.safe_dump(dict(config), sort_keys=False), "utf-8")
    line = ["-s", str(snakefile), "--directory", str(directory), "--cores", "2", *arguments]
    return [*line, "--configfile", str(file)]  # last: it takes any number of files


def run_workflow(
    *arguments: str,
    config: Mapping[str, Any],
    directory: Path,
    snakefile: Path = REPO / "Snakefile",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in `directory` with `config`; its stdout and stderr come as text."""
    line = snakemake_arguments(*arguments, config=config, directory=directory, snakefile=snakefile)
    command = [sys.executable, "-m", "snakemake", *line]
    variables = os.environ | (environment or {})
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, env=variables)


# Python runs this before a script: at its end the script writes down which modules it has loaded
WATCHING = """
import atexit, json, os, sys, uuid

def write():
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if hasattr(job, "rule"):
        modules = [module for name, module in sys.modules.items() if name.startswith("oddjet")]
        loaded = [module.__file__ for module in modules if getattr(module, "__file__", None)]
        with open(os.path.join(os.environ["LOADED"], uuid.uuid4().hex), "w") as file:
            json.dump({"rule": job.rule, "outputs": list(job.output), "loaded": loaded}, file)

atexit.register(write)
"""


def watching(place: Path) -> dict[str, str]:
    """Environment variables with which all jobs of a run write what they load below `place`."""
    (place / "loaded").mkdir(parents=True)
    (place / "sitecustomize.py").write_text(WATCHING, "utf-8")
    return {"PYTHONPATH": str(place), "LOADED": str(place / "loaded")}


def loaded_by(place: Path, scripts: Path) -> dict[str, set[tuple[str, str]]]:
    """By file below the folder `scripts`, what was made by the jobs that loaded it.

    Each as (rule, output file below results/).
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for file in (place / "loaded").iterdir():
        job = json.loads(file.read_text("utf-8"))
        made = {(job["rule"], output.removeprefix("results/")) for output in job["outputs"]}
        for module in job["loaded"]:
            found.setdefault(str(Path(module).relative_to(scripts)), set()).update(made)
    return found | {OF_ALL_FORMATS: set()}


# a name that has to be escaped in files, wildcards and HTML
AWKWARD = 'a & "b"'
WHOLE = TINY | {
    "samples": {
        "normal": TINY["samples"]["normal"],
        "tests": {AWKWARD: TINY["samples"]["tests"]["low"]}
        | {"high": TINY["samples"]["tests"]["high"]},
        "signal": {"file": "raw/signal.npz"},
    },
    "coverage": {
        **{"pairs": [[0.2, 0.7]], "events": [30], "repeats": 6, "retrained": 2, "bootstrap": 100},
        **{"distortions": {"scale 1.1": {"scale": 1.1}}, "distorted_pairs": [[0.3]]},
    },
}


@dataclass(frozen=True)
class WholeRun:
    """A directory in which the whole workflow has run, and the copy of the code that ran."""

    directory: Path
    code: Path
    # by file below workflow/scripts, (rule, output below results/) of the jobs that loaded it
    loaded: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        return self.directory / "results"

    def run(
        self,
        *arguments: str,
        config: Mapping[str, Any] = WHOLE,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run the same copy of the code again, here or in another directory."""
        return run_workflow(
            *arguments,
            config=config,
            directory=directory or self.directory,
            snakefile=self.code / "Snakefile",
            environment=environment,
        )


def run_whole(place: Path) -> None:
    """Run the whole workflow in place/run, from a copy of the code in place/code.

    All that it says is in output.txt, and place/done tells that it succeeded.
    """
    code, directory = place / "code", place / "run"
    code.mkdir(parents=True)
    shutil.copy2(REPO / "Snakefile", code)
    for folder in ("config", "envs", "profiles", "workflow"):
        shutil.copytree(
            REPO / folder,
            code / folder,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__", ".*"),
        )
    write_tiny_samples(directory)
    done = WholeRun(directory, code).run(environment=watching(place / "watched"))
    (place / "output.txt").write_text(done.stdout + done.stderr, "utf-8")
    if done.returncode == 0:
        (place / "done").touch()


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """The whole workflow, run once: one model, two seeds, two tests, truth for one of them.

    It runs from a copy of the code, which tests may touch and which an edit meanwhile leaves be.
    One of the processes of pytest-xdist runs it, and each has a copy.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    ran = shared / "whole_run"
    with open(shared / "whole_run.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ran.exists():
            run_whole(ran)
    if not (ran / "done").exists():  # once in full would be enough, and every test says so
        said = (ran / "output.txt").read_text("utf-8")
        pytest.fail(f"the whole run failed:\n{said[-3000:]}", pytrace=False)
    place = Path(shutil.copytree(ran, tmp_path_factory.mktemp("copy") / "of", symlinks=True))
    loaded = loaded_by(place / "watched", ran / "code" / "workflow" / "scripts")
    return WholeRun(place / "run", place / "code", loaded)


@pytest.fixture(scope="session")
def published(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """A copy of the whole run in which the target publish was made as well."""
    place = tmp_path_factory.mktemp("published") / "run"
    run = WholeRun(Path(shutil.copytree(whole_run.directory, place)), whole_run.code)
    done = run.run("publish")
    if done.returncode:
        pytest.fail(f"publishing failed:\n{(done.stdout + done.stderr)[-3000:]}", pytrace=False)
    return run
