"""Scores as ONNX: under onnxruntime alone those of the workflow, on jets that it has never seen."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnxruntime
import pytest
from conftest import IMAGES, NO_AUGMENTATION, REPO, architecture
from stranger import run_as_a_stranger

from oddjet.apply import Score, apply, main
from oddjet.common.parts import CONTROL, TRAIN
from oddjet.prepare import samples, splits
from oddjet.prepare.sparse import SparseFile
from oddjet.publish import graph_file, onnx_file
from oddjet.publish.preparation import Preparation
from oddjet.publish.score_graph import Scorer
from oddjet.train import scoring, training
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU, set_up_torch

NORMAL, FRESH = 150, 80
STEPS = {
    "centre": True,
    "rotate": True,
    "flip": True,
    "crop": "auto",
    "size": 40,
    "unit_sum": True,
    "power": 1.0,
    "log": 0,
}
SPLIT = {"control": 0.4, "seed": 0}


@dataclass(frozen=True)
class Case:
    """A model on samples of a layout."""

    images: Mapping[str, Any]
    kind: str = "dense"
    error: str | Mapping[str, float] = "mse"
    steps: Mapping[str, Any] = field(default_factory=dict)
    smoothing: float = 0.0
    shape: tuple[int, ...] = (16, 16)
    anomaly_score: str = "error"


CASES = {
    "images of an odd size, as by default": Case(
        {}, error={"hellinger": 0.5, "fourth_root": 0.5}, smoothing=1.0, shape=(17, 17)
    ),
    "some channels, rebinned": Case(
        {"channels": [2, 0]},
        "convolutional",
        {"hellinger": 0.5, "fourth_root": 0.5},
        {"crop": 14, "size": 9, "power": 0.5},
        shape=(16, 16, 3),
    ),
    "channels first, one of codes": Case(
        {"layout": "channels_first", "one_hot": {"channel": 1, "codes": [1, 2]}},
        "variational",
        "ssim",
        {"rotate": False, "size": None, "log": 30.0},
        shape=(2, 17, 17),
    ),
    "momenta": Case(
        {"layout": "constituents", "unit": "MeV", "size": 16, "constituents": 10},
        "adversarial",
        {"mse": 0.2, "mae": 0.2, "huber": 0.2, "log_cosh": 0.2, "ncc": 0.2},
        shape=(12, 4),
    ),
    "pt, eta, phi somewhere, with a mask": Case(
        {
            "layout": "constituents",
            "coordinates": {"pt": 3, "eta": 0, "phi": 1, "mask": 4},
            "size": 17,
        },
        "gan",
        smoothing=0.5,
        shape=(12, 5),
    ),
    "relative to the jet, latents": Case(
        {
            "layout": "constituents",
            "coordinates": ["etarel", "phirel", "ptrel"],
            "size": 12,
            "half_width": 0.8,
        },
        steps={"crop": None, "size": None, "flip": False, "unit_sum": False},
        shape=(12, 3),
        anomaly_score="mahalanobis",
    ),
}


def raw_images(rng: np.random.Generator, events: int, case: Case) -> np.ndarray:
    """Images of a few lit pixels around the middle, the last of them of special shapes."""
    images = np.zeros((events, *case.shape), np.float32)
    first = case.images.get("layout") == "channels_first"
    inner = images[:, :, 4:-4, 4:-4] if first else images[:, 4:-4, 4:-4]
    lit = rng.random(inner.shape) < 0.15
    inner[lit] = rng.exponential(size=lit.sum())
    planes = images if first else images.reshape(*images.shape[:3], -1).transpose(0, 3, 1, 2)
    planes[-1] = 0  # blank
    planes[-2] = 0
    planes[-2, 0, 7, 9] = 0.3  # a single pixel
    planes[-3] = 0
    planes[-3, 0, 5:7, 8:10] = 0.1  # as long as wide
    planes[-4] = 0
    planes[-4, 0, 5, 6:11] = [0.1, 0.2, 0.7, 0.2, 0.1]  # its own mirror image
    for row in range(-14, -4):  # moments that vanish but for roundings
        planes[row] = 0
        place = rng.integers(4, 12, (2, 3))
        planes[row, 0, place[0], place[1]] = rng.integers(1, 3, 3)
    if "one_hot" in case.images:
        planes[:, 1] = np.where(planes[:, 0] > 0, rng.integers(1, 3, planes[:, 0].shape), 0)
    return images


def raw_constituents(rng: np.random.Generator, events: int, case: Case) -> np.ndarray:
    """Jets of up to 12 constituents, in double precision; the last of one, and of none."""
    pt = rng.exponential(30, (events, 12))
    pt[np.arange(12) >= rng.integers(3, 12, events)[:, None]] = 0
    pt[-2, 1:] = 0
    pt[-1] = 0
    eta, phi = rng.normal(0, 0.25, (2, events, 12))
    names = list(case.images.get("coordinates", ["E", "px", "py", "pz"]))
    if "etarel" in names:
        return np.stack([eta, phi, pt / np.maximum(pt.sum(1, keepdims=True), 1e-9)], -1)
    eta, phi = eta + rng.normal(0, 1, (events, 1)), phi + rng.uniform(-3, 3, (events, 1))
    if "pt" in names:
        nothing = np.where(pt > 0, 0, 99.0)  # behind a mask anything may be
        return np.stack([eta, phi, nothing, pt + nothing, pt > 0], -1)
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], -1)


@dataclass(frozen=True)
class Made:
    """What the workflow made of a case, and the score of it as ONNX."""

    case: Case
    onnx: Path
    raw: np.ndarray  # of the fresh jets
    file: Path  # that they lie in
    event: np.ndarray  # the rows of those that are jets
    score: np.ndarray
    latent: np.ndarray
    threshold: float

    def session(self) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(self.onnx)

    def dtype(self) -> type:
        return np.float64 if self.case.images.get("layout") == "constituents" else np.float32


def make(case: Case, folder: Path) -> Made:
    """Prepare, train for two epochs and score as the rules do, and export."""
    images, steps = IMAGES | case.images, STEPS | case.steps
    draw = raw_constituents if images["layout"] == "constituents" else raw_images
    rng = np.random.default_rng(0)
    for name, events in (("normal", NORMAL), ("fresh", FRESH)):
        np.savez(folder / f"{name}.npz", jets=draw(rng, events, case))
    normal, fresh = folder / "normal.h5", folder / "fresh.h5"
    sample = {"file": folder / "normal.npz"}
    samples.prepare_normal(sample, images, normal, steps, SPLIT)
    sample = {"file": folder / "fresh.npz"}
    samples.prepare_test(sample, images, fresh, steps, normal)
    set_up_torch(1, 1)
    with h5py.File(normal) as file:
        control = file["control"][:]
        parts = splits.train_and_validation(control, 0.2, 1)
        train, validation = (SparseFile(file).select(rows) for rows in parts)
    wanted = {
        "model": architecture(case.kind, latent=3),
        "training": {
            "epochs": 2,
            "batch_size": 16,
            "learning_rate": 1e-3,
            "patience": 5,
            "plateau": None,
            "augmentation": NO_AUGMENTATION,
        },
        "loss": "mse",
        "smoothing": case.smoothing,
    }
    trained = training.train(train, validation, wanted, 1, CPU)
    trained.save(folder / "model.pt", {})
    model, normalisation = training.load(folder / "model.pt", CPU)
    with h5py.File(folder / "scores.h5", "w") as target, h5py.File(normal) as file:
        fitted = scoring.PreparedImages(file, parts[0], normalisation)
        error = ReconstructionError.fit(case.error, fitted)
        held = scoring.PreparedImages(file, np.flatnonzero(control), normalisation)
        scoring.score(fitted, target.create_group(TRAIN), model, error)
        scoring.score(held, target.create_group(CONTROL), model, error)
        with h5py.File(fresh) as test:
            rows = np.arange(len(test["event"]))
            images_ = scoring.PreparedImages(test, rows, normalisation)
            scoring.score(images_, target.create_group("fresh"), model, error)
        scoring.add_mahalanobis(target)
        event, score, latent = (
            target["fresh"][name][:] for name in ("event", case.anomaly_score, "latent")
        )
        distance = scoring.Mahalanobis.fit(target[TRAIN]["latent"][:])
        cuts = graph_file.cuts(target[CONTROL][case.anomaly_score][:], 0.2, 0.95)
    preparation = Preparation.read(normal)
    chosen = distance if case.anomaly_score == "mahalanobis" else None
    scorer = Scorer(preparation, normalisation, model, error, chosen).eval()
    facts = onnx_file.facts_of(preparation, cuts) | {"model": "S", "seed": 1}
    onnx_file.write(folder / "score.onnx", scorer, preparation, facts)
    return Made(
        case,
        folder / "score.onnx",
        np.load(folder / "fresh.npz")["jets"],
        folder / "fresh.npz",
        event,
        score,
        latent,
        cuts[0]["threshold"],
    )


@pytest.fixture(scope="module")
def make_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    return cache(lambda name: make(CASES[name], tmp_path_factory.mktemp("made")))


@pytest.fixture(params=CASES)
def made(request: pytest.FixtureRequest, make_once: Callable[[str], Made]) -> Made:
    return make_once(request.param)


def test_scores_and_latents_of_jets_never_seen_are_those_of_the_workflow(made: Made) -> None:
    jets = made.raw.astype(made.dtype())
    score, latent = made.session().run(None, {"jets": jets})
    assert score.dtype == latent.dtype == np.float32
    np.testing.assert_allclose(score[made.event], made.score, rtol=1e-5)
    # of a mean of pixels of order one, in single precision
    np.testing.assert_allclose(latent[made.event], made.latent, rtol=1e-5, atol=1e-5)
    left_out = np.delete(np.arange(FRESH), made.event)
    assert len(left_out) >= 1
    assert np.isnan(score[left_out]).all()
    assert np.isnan(latent[left_out]).all()


def test_any_number_of_jets_is_scored_each_by_itself(made: Made) -> None:
    session, jets = made.session(), made.raw.astype(made.dtype())
    together, _ = session.run(None, {"jets": jets})
    alone = [session.run(None, {"jets": jets[row : row + 1]})[0][0] for row in (0, 5, FRESH - 1)]
    np.testing.assert_allclose(alone, together[[0, 5, FRESH - 1]], rtol=1e-5)


def test_documented_script_of_a_stranger_gives_scores_and_fraction_of_the_workflow(
    made: Made, tmp_path: Path
) -> None:
    said = run_as_a_stranger(made.onnx, made.file, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as found:
        np.testing.assert_allclose(found["anomaly_score"][:][made.event], made.score, rtol=1e-5)
    fraction = (made.score > made.threshold).mean()
    assert said.startswith(f"{fraction:.4f} of the jets")


def test_apply_scores_files_as_the_workflow_does(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.h5"
    assert main([str(made.onnx), str(made.file), "--output", str(output)]) == 0
    with h5py.File(output) as found:
        np.testing.assert_allclose(found["anomaly_score"][:][made.event], made.score, rtol=1e-5)
        np.testing.assert_allclose(found["latent"][:][made.event], made.latent, 1e-5, 1e-5)
        above = made.score > made.threshold
        assert found["anomalous"][:][made.event].tolist() == above.tolist()
        assert found["cuts/passed"][0] == above.mean()
        assert found["cuts/fpr_upper"][0] <= found["cuts/max_fpr"][0]
    said = capsys.readouterr().out
    assert f"{len(made.event)} jets in {FRESH} rows; {above.sum()} of them" in said


def test_metadata_say_what_goes_in_and_which_cuts_are_proved(made: Made) -> None:
    session = made.session()
    facts = session.get_modelmeta().custom_metadata_map
    expected = json.loads(facts["input"])
    (given,) = session.get_inputs()
    assert [given.name, given.shape] == [expected["name"], expected["shape"]]
    assert given.type == {"float32": "tensor(float)", "float64": "tensor(double)"}[expected["type"]]
    assert facts["model"] == "S"
    assert json.loads(facts["seed"]) == 1
    first, *usual = json.loads(facts["cuts"])
    assert [first["max_fpr"], first["threshold"]] == [0.2, made.threshold]
    assert [cut["max_fpr"] for cut in usual] == [0.1, 0.05]  # 60 jets prove no less
    assert all(cut["fpr_upper"] <= cut["max_fpr"] for cut in (first, *usual))
    assert usual[0]["threshold"] >= first["threshold"]


def test_jets_of_another_shape_are_refused_with_the_shape_that_is_expected(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = np.concatenate([made.raw, made.raw], axis=-1)
    with pytest.raises(Exception, match="invalid dimensions for input: jets"):
        made.session().run(None, {"jets": other.astype(made.dtype())})
    np.savez(tmp_path / "other.npz", other)
    arguments = [str(made.onnx), str(tmp_path / "other.npz"), "--output", str(tmp_path / "o.h5")]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert str(tmp_path / "other.npz") in said
    assert "expected (" in said
    assert "Hint: " in said
    assert not (tmp_path / "o.h5").exists()


# What does not depend on the layout


@pytest.fixture
def first(make_once: Callable[[str], Made]) -> Made:
    return make_once(next(iter(CASES)))


def test_same_training_gives_the_same_bytes_without_a_path(first: Made) -> None:
    content = first.onnx.read_bytes()
    again = first.onnx.parent / "again"
    again.mkdir()
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from test_onnx_scores import CASES, make
make(next(iter(CASES.values())), Path({str(again)!r}))
"""
    variables = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", script], check=True, env=variables)
    assert (again / "score.onnx").read_bytes() == content
    for word in (str(REPO), str(first.onnx.parent), ".py"):
        assert word.encode() not in content


@pytest.mark.parametrize(
    ("score", "jets", "said"),
    [
        ("no.onnx", "fresh.npz", "no such file"),
        ("fresh.npz", "fresh.npz", "cannot be read"),
        ("score.onnx", "no.npz", "no such file"),
        ("score.onnx", "nan.npz", "pixel nan"),
        ("score.onnx", "blank.npz", "no jet in 5 rows"),
    ],
)
def test_apply_refuses_files_that_it_cannot_use_and_writes_nothing(
    first: Made, score: str, jets: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = first.onnx.parent
    np.savez(folder / "nan.npz", np.full((5, 17, 17), np.nan))
    np.savez(folder / "blank.npz", np.zeros((5, 17, 17)))
    output = folder / "refused.h5"
    assert main([str(folder / score), str(folder / jets), "--output", str(output)]) == 1
    text = capsys.readouterr().err
    assert said in text
    assert "expected" in text
    assert "Hint: " in text
    assert not output.exists()


def test_apply_replaces_none_of_its_inputs(first: Made, capsys: pytest.CaptureFixture[str]) -> None:
    before = first.file.read_bytes()
    assert main([str(first.onnx), str(first.file), "--output", str(first.file)]) == 1
    assert "another file to write" in capsys.readouterr().err
    assert first.file.read_bytes() == before


def test_apply_reads_several_files_one_behind_the_other(first: Made, tmp_path: Path) -> None:
    names = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for name, jets in zip(names, np.split(first.raw, [30]), strict=True):
        np.save(name, jets)
    apply(Score.open(first.onnx), names, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as found:
        np.testing.assert_allclose(found["anomaly_score"][:][first.event], first.score, rtol=1e-5)
