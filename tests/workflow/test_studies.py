"""Every study runs from its configuration file alone; here on one seed and in few steps.

The oddest of them with every figure and page, the others as far as to what is asked of them: the
whole of a run is that of test_whole_run.py.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import REPO, run_workflow, write_tiny_samples

FEW: dict[str, Any] = {
    "seeds": [1],
    "fraction": {"bootstrap": 100},
    "clusters": {"bootstrap": 20},
}
TINY_SAMPLES = {
    "normal": {"file": "raw/normal.npz"},
    "tests": {"low": {"file": "raw/low.npz"}, "high": {"file": "raw/high.npz"}},
}


def run(study: str, directory: Path, *files: str, **changes: Any) -> Path:
    """Run a study on the files that ship with the repository, whole or for files of its results.

    Returns the folder of its results.
    """
    (directory / "resources").symlink_to(REPO / "resources")
    config = yaml.safe_load((REPO / "config" / "studies" / f"{study}.yaml").read_text("utf-8"))
    config |= FEW | changes
    config["training"] = config.get("training", {}) | {"epochs": 1, "device": "cpu"}
    config["supervised"] = config.get("supervised", {}) | {"epochs": 1}
    targets = [f"{config['results']}/{file}" for file in files]
    done = run_workflow(*targets, config=config, directory=directory)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return directory / config["results"]


def detection(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "tables" / "detection.csv")


def test_the_course_takes_two_tests_to_fractions_and_purity(tmp_path: Path) -> None:
    write_tiny_samples(tmp_path)
    results = run("course", tmp_path, "summary.csv", samples=TINY_SAMPLES, split={"control": 0.3})
    summary = pd.read_csv(results / "summary.csv")
    assert set(zip(summary["model"], summary["test"], strict=True)) == {
        (model, test) for model in ("S", "L", "weak") for test in ("low", "high")
    }
    assert summary["purity"][summary["model"] != "weak"].between(0.5, 1).all()


def test_top_tagging_compares_a_softmax_of_two_dimensions_with_two_components(
    tmp_path: Path,
) -> None:
    names = ("softmax/roc", "softmax/latent_classes", "pca_plane", "quantities")
    figures = [f"figures/{name}.png" for name in names]
    results = run("top_tagging", tmp_path, "summary.csv", "tables/detection.csv", *figures)
    found = detection(results)
    assert {"softmax", "S", "weak", "baseline"} == set(found["model"])
    assert found["auc"].between(0, 1).all()
    samples = pd.read_csv(results / "tables" / "samples.csv").set_index("sample")
    assert samples["events"].to_dict() == {"normal": 900, "mixed": 800}
    for figure in figures:
        assert (results / figure).stat().st_size > 10_000


def test_zero_bias_events_give_each_signal_a_roc_of_its_own(tmp_path: Path) -> None:
    results = run("cms_zero_bias", tmp_path)
    assert (results / "summary.html").exists()
    found = detection(results)
    found = found[(found["model"] == "mse") & (found["score"] == "error")]
    assert {"ttbar", "zprime"} <= set(found["test"])
    assert found["auc"].between(0, 1).all()
    samples = pd.read_csv(results / "tables" / "samples.csv")
    assert samples["channels"].tolist() == [6, 6, 6]  # pT, mass, and one for each of four objects


def test_supervised_networks_learn_from_labels_and_predict_what_has_none(tmp_path: Path) -> None:
    seed = "baselines/seed1"
    predictions = [f"{seed}/predictions/{name}_unlabelled.npy" for name in ("cnn", "dense")]
    results = run("supervised", tmp_path, "tables/detection.csv", *predictions)
    found = detection(results)
    assert {"supervised_cnn", "supervised_dense"} <= set(found["score"])
    history = pd.read_csv(results / seed / "supervised_history.csv")
    assert history["held_accuracy"].between(0, 1).all()
    for file in predictions:
        prediction = np.load(results / file)
        assert prediction.shape == (400,)
        assert ((prediction >= 0) & (prediction <= 1)).all()


def test_quark_and_gluon_images_of_three_channels_are_reconstructed_by_channel(
    tmp_path: Path,
) -> None:
    figures = ["figures/gelu/seed1/reconstructions.png", "figures/crop.png"]
    results = run("quark_gluon", tmp_path, "summary.csv", *figures)
    samples = pd.read_csv(results / "tables" / "samples.csv").set_index("sample")
    assert samples.loc["normal", ["channels", "height", "width"]].tolist() == [3, 125, 125]
    history = pd.read_csv(results / "gelu" / "seed1" / "history.csv")
    assert np.isfinite(history["val_loss"]).all()
    for figure in figures:
        assert (results / figure).stat().st_size > 10_000


@pytest.mark.parametrize(
    "study", sorted((REPO / "config" / "studies").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_study_but_that_of_the_demo_input_has_a_page(study: Path) -> None:
    if study.stem != "demo_input":
        page = REPO / "docs" / "studies" / f"{study.stem}.md"
        assert f"config/studies/{study.name}" in page.read_text("utf-8")
