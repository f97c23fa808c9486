"""Who follows a recipe of CONTRIBUTING has something that works, in as many files as it says."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import REPO, TINY, run_workflow, write_tiny_samples

Edit = Callable[[str], str]
PACKAGE = "workflow/scripts/oddjet"
SCHEMA = "workflow/schemas/config.schema.yaml"


def new(text: str) -> Edit:
    return lambda before: text


def behind(place: str, text: str) -> Edit:
    def edit(before: str) -> str:
        assert before.count(place) == 1, place
        return before.replace(place, place + text)

    return edit


def generated(before: str) -> str:
    return before  # tests/unit/test_docs.py compares it with what would be written


# by the heading of the recipe: its files, and what a toy puts there
RECIPES: dict[str, dict[str, Edit]] = {
    "A model kind": {
        f"{PACKAGE}/train/models/toy_kind.py": new(
            "from oddjet.train.models.dense import DenseAutoencoder\n\n\n"
            "class Toy(DenseAutoencoder):\n    pass\n\n\nKIND = Toy\n"
        ),
        SCHEMA: behind("enum: [dense, ", "toy_kind, "),
        "docs/configuration.md": generated,
    },
    "A loss": {
        f"{PACKAGE}/train/losses/toy_loss.py": new(
            "def error(images, reconstructions):\n"
            "    return (images - reconstructions).pow(4).flatten(1).mean(1)\n"
        ),
        SCHEMA: behind("enum: [mse, ", "toy_loss, "),
        "docs/configuration.md": generated,
    },
    "An estimator": {
        f"{PACKAGE}/estimate/estimators/toy_estimator.py": new(
            "from oddjet.estimate.given import Estimate, normal\n\n\n"
            "def estimate(given):\n"
            "    return {test: Estimate(normal(0.125, 0.25)) for test in given.tests}\n"
        ),
        f"{PACKAGE}/estimate/declared.py": behind(
            "ESTIMATORS = {\n",
            '    "toy_estimator": Estimator("Assumes nothing, knows nothing."),\n',
        ),
        SCHEMA: behind("enum: [joint, ", "toy_estimator, "),
        "docs/configuration.md": generated,
    },
    "A check": {
        f"{PACKAGE}/estimate/checks/toy_check.py": new(
            "def check(sample, test):\n    return {'statistic': 0.0, 'p_value': 0.75}\n"
        ),
        f"{PACKAGE}/estimate/declared.py": behind(
            "CHECKS = {\n", '    "toy_check": Check("it is a toy", "{test} is no toy"),\n'
        ),
    },
    "An input format": {
        f"{PACKAGE}/prepare/readers/toy_format.py": new(
            "from dataclasses import dataclass\n\nimport numpy as np\n\n"
            "from oddjet.prepare.arrays import RawArray\n"
            "from oddjet.prepare.columns import Contents\n\n\n"
            "@dataclass(frozen=True)\n"
            "class ToyArray(RawArray):\n"
            "    def _pieces(self, rows, start):\n"
            "        flat = np.frombuffer(self.file.read_bytes()[8:], self.dtype)\n"
            "        yield flat.reshape(self.shape)[start:]\n\n\n"
            "def contents(file):\n"
            "    images = (file.stat().st_size - 8) // 4 // 256\n"
            "    shape, dtype = (images, 16, 16), np.dtype(np.float32)\n"
            "    return Contents(arrays=[ToyArray(file, 'images', shape, dtype)])\n"
        ),
        f"{PACKAGE}/planning/formats.py": behind(
            "FORMATS = {\n", '    "toy_format": Format("toy", b"TOYTOYTO", (".toy",)),\n'
        ),
        "docs/inputs.md": generated,
    },
    "A figure": {
        f"{PACKAGE}/draw/toy_figures.py": new(
            "from matplotlib import pyplot as plt\n\n\n"
            "def toy():\n    figure, axes = plt.subplots()\n    return figure\n"
        ),
        "workflow/scripts/draw_samples.py": lambda before: (
            before
            + "\nfrom oddjet.draw import toy_figures\n\n"
            + "style.save(toy_figures.toy(), snakemake.output.toy_figure)\n"
        ),
        f"{PACKAGE}/planning/figures.py": behind(
            "FIGURES = {\n",
            '    "toy_figure": Figure("draw_samples", "toy", "A toy", "Samples", "samples"),\n',
        ),
        "workflow/report/toy_figure.rst": new("A toy, and nothing else.\n"),
    },
    "A rule": {
        "workflow/rules/summarise.smk": lambda before: (
            before
            + "\n\nrule toy:\n    input:\n        SUMMARY,\n    params:\n"
            + '        code=code("toy.py"),\n    output:\n        f"{RESULTS}/toy.txt",\n'
            + '    log:\n        f"{LOGS}/toy.log",\n    script:\n        "../scripts/toy.py"\n'
        ),
        "workflow/scripts/toy.py": new(
            "from oddjet.common import files, logs\n\nlogs.set_up(snakemake.log[0])\n"
            "with files.replacing(snakemake.output[0]) as partial:\n"
            "    partial.write_text('a toy')\n"
        ),
        "docs/rules.md": generated,
    },
}
# how many files each may take
MOST = {
    "A model kind": 3,
    "A loss": 3,
    "An estimator": 4,
    "A check": 3,
    "An input format": 3,
    "A figure": 4,
    "A rule": 4,
}


def named(path: str) -> str:
    """A path as the recipes write it, for any name."""
    name = r"(NAME|STAGE|draw_SAMPLES|summarise|draw_samples|toy(_[a-z]+)?)"
    return re.sub(rf"/{name}(_figures)?(?=\.)", "/*", path)


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipe_names_every_file_to_touch_and_they_are_few(recipe: str) -> None:
    text = (REPO / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split(f"### {recipe}\n")[1].split("\n### ")[0]
    listed = re.findall(r"^\d\. `([^`]+)`", section, re.MULTILINE)
    assert {named(path) for path in listed} == {named(path) for path in RECIPES[recipe]}
    assert len(RECIPES[recipe]) == len(listed) <= MOST[recipe]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the workflow has run with a toy of every recipe."""
    place = tmp_path_factory.mktemp("recipes")
    code, directory = place / "code", place / "run"
    ignored = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "__pycache__")
    shutil.copytree(REPO, code, symlinks=True, ignore=ignored)
    for files in RECIPES.values():
        for name, edit in files.items():
            file = code / name
            before = file.read_text("utf-8") if file.exists() else ""
            file.write_text(edit(before), "utf-8")
    raw = write_tiny_samples(directory)
    images = np.load(raw / "low.npz", allow_pickle=False)["test_data"]
    (raw / "low.toy").write_bytes(b"TOYTOYTO" + images.astype(np.float32).tobytes())
    config = TINY | {
        "samples": {
            "normal": TINY["samples"]["normal"],
            "tests": {"low": {"file": "raw/low.toy"}, "again": {"file": "raw/low.npz"}},
        },
        "models": {"T": {"kind": "toy_kind", "latent": 2, "loss": "toy_loss", "error": "toy_loss"}},
        "fraction": {"bootstrap": 100, "headline": "toy_estimator"},
        "seeds": [1],
    }
    snakefile = code / "Snakefile"
    done = run_workflow(
        "all", "results/toy.txt", config=config, directory=directory, snakefile=snakefile
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return directory / "results"


def test_a_toy_kind_and_a_toy_loss_are_trained(followed: Path) -> None:
    history = pd.read_csv(followed / "T/seed1/history.csv")
    assert len(history) == 2 and (history.val_loss > 0).all()


def test_a_toy_estimator_is_the_headline(followed: Path) -> None:
    summary = pd.read_csv(followed / "summary.csv")
    assert set(summary.estimator) == {"toy_estimator"}
    assert set(summary.fraction) == {0.125}
    assert "Assumes nothing, knows nothing." in (followed / "summary.html").read_text("utf-8")


def test_a_toy_check_is_made_on_every_test_and_said_on_the_page(followed: Path) -> None:
    checks = pd.read_csv(followed / "tables/checks.csv")
    made = checks[checks.check == "toy_check"]
    assert set(made.test) == {"low", "again"} and set(made.p_value) == {0.75}
    assert "it is a toy" in (followed / "summary.html").read_text("utf-8")


def test_a_file_in_a_toy_format_is_read_as_the_same_jets_in_another(followed: Path) -> None:
    fractions = pd.read_csv(followed / "tables/fractions.csv")
    ensemble = fractions[(fractions.model == "T") & (fractions.seed == "ensemble")]
    found = ensemble.set_index(["test", "estimator"])[["fraction", "low", "high"]]
    np.testing.assert_array_equal(found.loc["low"], found.loc["again"])


def test_a_toy_figure_is_drawn_and_shown_with_its_caption(followed: Path) -> None:
    assert (followed / "figures/toy.png").is_file() and (followed / "figures/toy.pdf").is_file()
    page = (followed / "summary.html").read_text("utf-8")
    assert "A toy, and nothing else." in page and 'alt="A toy"' in page


def test_a_toy_rule_runs(followed: Path) -> None:
    assert (followed / "toy.txt").read_text("utf-8") == "a toy"


def test_the_schema_with_all_toys_is_still_one_that_yaml_reads() -> None:
    text = (REPO / SCHEMA).read_text("utf-8")
    for files in RECIPES.values():
        if SCHEMA in files:
            text = files[SCHEMA](text)
    assert yaml.safe_load(text)["title"] == "oddjet configuration"
