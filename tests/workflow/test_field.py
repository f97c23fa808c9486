"""What users' files and habits broke, through the whole workflow."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import EACH_TEST, NORMAL, REPO, TINY, jets, run_workflow, write_tiny_samples

LATEX = r"$\ttbar$ a_b$"  # mathematics that nobody can set
ONE_MODEL: dict[str, Any] = TINY | {"seeds": [1], "supervised": {"networks": {}}}


def test_blank_rows_copies_and_inverted_labels(tmp_path: Path) -> None:
    """Blank rows in every sample, a test that is the normal sample, labels the wrong way round."""
    raw = write_tiny_samples(tmp_path)
    order = np.random.default_rng(3).permutation(60)
    images = jets(60, 25, seed=3)[order]
    with_blank = np.insert(images, [0, 30, 60], 0, axis=0)
    labels = np.insert((order >= 25).astype(int), [0, 30, 60], 1)  # 1 for the normal ones
    np.savez(raw / "odd.npz", images=with_blank, labels=labels)
    config = ONE_MODEL | {
        "samples": {
            "normal": {"file": "raw/normal.npz"},
            "tests": {
                LATEX: {
                    "file": "raw/odd.npz",
                    "key": "images",
                    "truth": {"file": "raw/odd.npz", "key": "labels"},
                },
                "same": {"file": "raw/normal.npz"},
            },
        },
        "training": {"epochs": 30, "batch_size": 16, "device": "cpu"},
    }
    done = run_workflow(config=config, directory=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    results = tmp_path / "results"

    samples = pd.read_csv(results / "tables/samples.csv").set_index("sample")
    assert samples.events.to_dict() == {"normal": NORMAL, LATEX: 60, "same": NORMAL}
    assert samples.blank.to_dict() == {"normal": 0, LATEX: 3, "same": 0}
    assert samples.shared.to_dict() == {"normal": NORMAL, LATEX: 0, "same": NORMAL}

    summary = pd.read_csv(results / "summary.csv")
    summary = summary[summary.model != "weak"].set_index("test")
    assert abs(summary.fraction["same"]) < 0.1
    assert "below 0.5" in summary.warnings[LATEX]
    assert summary.auc[LATEX] < 0.1
    page = (results / "summary.html").read_text("utf-8")
    for text in ("3 rows are blank and left out", "jets are in another sample too", "below 0.5"):
        assert f"{text}" in page
        assert any(line.startswith("WARNING") and text in line for line in said.splitlines())


def test_text_chooses_events_and_truth_and_weights_unweight_them(tmp_path: Path) -> None:
    raw = write_tiny_samples(tmp_path)
    images = np.concatenate([jets(NORMAL, seed=1), jets(EACH_TEST, 12, seed=2)])
    part = np.array(["control"] * NORMAL + ["data"] * EACH_TEST)
    kind = np.array(["qcd"] * NORMAL + ["top"] * 12 + ["qcd"] * 28)
    kept = np.arange(len(images)) % 5 > 0  # weights of 0 and 1 leave nothing to chance
    np.savez(raw / "all.npz", images=images, part=part, kind=kind, kept=kept)
    np.save(raw / "weights.npy", 2.5 * kept)
    file = {"file": "raw/all.npz", "key": "images"}
    truth = {"file": "raw/all.npz", "key": "kind", "anomalous": "top"}
    config = ONE_MODEL | {
        "samples": {
            "normal": file | {"where": {"part": "control"}, "weight": "kept"},
            "tests": {
                "007": file
                | {"where": {"part": "data"}, "truth": truth, "weight": {"file": "raw/weights.npy"}}
            },
        }
    }
    done = run_workflow("results/tables/samples.csv", config=config, directory=tmp_path)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    samples = pd.read_csv(tmp_path / "results/tables/samples.csv").set_index("sample")
    events = {"normal": kept[:NORMAL].sum(), "007": kept[NORMAL:].sum()}
    assert samples.events.to_dict() == samples.effective.to_dict() == events
    assert samples.chosen.to_dict() == {"normal": NORMAL, "007": EACH_TEST}
    weights = np.load(raw / "weights.npy")
    weights[-1] = -1
    np.save(raw / "weights.npy", weights)
    done = run_workflow("results/tables/samples.csv", config=config, directory=tmp_path)
    assert done.returncode != 0
    assert "weights.npy: found weight -1 in row 159" in done.stdout + done.stderr


def test_names_that_yaml_reads_as_something_else(tmp_path: Path) -> None:
    write_tiny_samples(tmp_path)
    tests = (
        "{007: {file: raw/low.npz}, no: {file: raw/low.npz}, 2024-01-01: {file: raw/low.npz}, "
        "a: {file: raw/low.npz, key: 1}}"
    )
    text = f"samples: {{normal: {{file: raw/normal.npz}}, tests: {tests}}}"
    done = run_workflow("-n", config=yaml.safe_load(text), directory=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    for found in (
        "found the name 7; expected text",
        "found the name False; expected text",
        "found the name 2024-01-01; expected text",
        "samples.tests.a.key: found 1; expected text",
    ):
        (line,) = (line for line in said.splitlines() if found in line)
        assert "quote it" in line
    assert "Traceback" not in said


def test_no_home_folder_is_needed(tmp_path: Path) -> None:
    write_tiny_samples(tmp_path)
    nowhere = {"HOME": "/proc/none", "XDG_CACHE_HOME": "/proc/none"}
    figure = "results/figures/means.png"
    done = run_workflow(figure, config=ONE_MODEL, directory=tmp_path, environment=nowhere)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert (tmp_path / figure).is_file()


def test_nothing_is_written_beside_the_modules_or_at_home(tmp_path: Path) -> None:
    code, home, run = (tmp_path / name for name in ("code", "home", "run"))
    for folder in (home, run):
        folder.mkdir()
    for folder in ("workflow", "config", "profiles", "envs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPO / folder, code / folder, symlinks=True, ignore=ignored)
    shutil.copy(REPO / "Snakefile", code)
    before = sorted(code.rglob("*"))
    write_tiny_samples(run)
    done = run_workflow(
        "results/figures/means.png",  # imports Matplotlib, which looks for fonts
        config=ONE_MODEL,
        directory=run,
        snakefile=code / "Snakefile",
        environment={"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "", "XDG_CACHE_HOME": ""},
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    assert sorted(code.rglob("*")) == before
    assert not list(home.iterdir())
    assert {path.name for path in run.iterdir()} <= {"raw", "results", ".snakemake", "config.yaml"}


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda images: images[:1], "found 1 jets in low; expected at least 10"),
        (lambda images: 1000 * images, "bring all samples to the same unit"),
        (lambda images: 0 * images, "no jet among 40 rows"),
        (lambda images: np.repeat(images[:, None], 8, 1), "set images.layout: channels_first"),
    ],
)
def test_samples_that_cannot_be_used_train_nothing(tmp_path: Path, spoil: Any, found: str) -> None:
    raw = write_tiny_samples(tmp_path)
    images = np.load(raw / "low.npz")["test_data"]
    np.savez(raw / "low.npz", test_data=spoil(images))
    done = run_workflow(config=ONE_MODEL, directory=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert found in said
    assert "Hint:" in said
    assert not (tmp_path / "results/S").exists()
    assert not (tmp_path / "results/tables/samples.csv").exists()
