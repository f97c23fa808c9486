"""The target benchmark: models that nothing else trains, beside those of the run."""

import base64
import shutil
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
from conftest import WHOLE, WholeRun

from oddjet.common.tables import read

CONFIG = deepcopy(dict(WHOLE)) | {
    "benchmark": {
        "models": {
            "turned": {"kind": "variational", "latent": 2, "preprocessing": {"flip": False}}
        },
        "ablation": {"by its root": {"latent": 2, "error": "hellinger"}},
        "latents": [3],
    }
}
COMPARED = ["S", "turned", "by its root", "S_latent3"]
FIGURES = ["benchmark_roc", "benchmark_ablation", "benchmark_latent_scan"]


@pytest.fixture(scope="module")
def results(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the whole run, in which the benchmark ran as well."""
    place = tmp_path_factory.mktemp("benchmark") / "run"
    shutil.copytree(whole_run.directory, place)
    done = whole_run.run("benchmark", config=CONFIG, directory=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "results"


def test_verify_leaves_what_the_benchmark_made_aside(results: Path, whole_run: WholeRun) -> None:
    done = whole_run.run("verify", config=CONFIG, directory=results.parent)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def table(results: Path) -> pd.DataFrame:
    return read(results / "tables" / "benchmark.csv")


def test_every_model_has_a_row_per_seed_and_score_and_what_its_training_took(
    table: pd.DataFrame,
) -> None:
    models = table[table.model != "baseline"]
    assert list(models.model.unique()) == [*COMPARED, "weak"]
    for _, rows in models.groupby(["model", "score"]):
        assert rows.seed.tolist() == ["1", "2", "ensemble"]
    trained = (models.seed != "ensemble") & (models.model != "weak")
    assert (models[trained].epochs == 2).all()
    assert (models[trained].seconds > 0).all()
    assert models[~trained].seconds.isna().all()


def test_baselines_stand_in_the_same_table(table: pd.DataFrame) -> None:
    baselines = table[table.model == "baseline"]
    assert {"mass", "pca_error", "supervised_cnn"} <= set(baselines.score)
    assert baselines.auc.between(0, 1).all()


def test_the_runs_own_models_are_not_trained_again(results: Path, whole_run: WholeRun) -> None:
    for seed in (1, 2):
        file = f"S/seed{seed}/model.pt"
        assert (results / file).stat().st_mtime_ns == (whole_run.results / file).stat().st_mtime_ns


def test_what_the_benchmark_alone_trains_lies_in_a_folder_of_its_own(results: Path) -> None:
    made = {path.parent.name for path in (results / "compared").glob("*/detection.csv")}
    assert made == set(COMPARED) - {"S"}
    assert (results / "prepared" / "flip_false" / "normal.h5").is_file()


def test_the_page_holds_every_figure_and_a_row_for_every_model(results: Path) -> None:
    page = (results / "benchmark.html").read_text("utf-8")
    for name in FIGURES:
        assert (results / "figures" / f"{name}.pdf").stat().st_size > 1000
        png = (results / "figures" / f"{name}.png").read_bytes()
        assert base64.b64encode(png).decode() in page
    for model in [*COMPARED, "weak"]:
        assert f"<td>{model}</td>" in page


def test_without_truth_the_benchmark_says_what_it_needs(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    shutil.copytree(whole_run.directory / "raw", tmp_path / "raw")
    config = deepcopy(CONFIG)
    del config["samples"]["tests"]["high"]["truth"]
    done = whole_run.run("benchmark", config=config, directory=tmp_path)
    assert done.returncode != 0
    assert "The target benchmark needs labelled jets" in done.stdout + done.stderr
