"""The weak tagger as ONNX gives the scores that its training gave."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import onnxruntime
import pytest
from stranger import snippets

from oddjet.common.parts import CONTROL
from oddjet.estimate import ensemble, tagger
from oddjet.estimate.learnt_from import learnt_from
from oddjet.estimate.trained_tagger import TrainedTagger
from oddjet.publish import graph_file, tagger_graph

NAMES = ["mass", "pt", "lit_pixels", "tau32_1", "entropy"]


def jets(number: int, signal: float, seed: int) -> np.ndarray:
    """Features (number, 5) float32, some of whole numbers and some that are often 0."""
    rng = np.random.default_rng(seed)
    moved = (rng.random(number) < signal)[:, None] * np.array([1.5, 0, 5, 1, -1])
    features = rng.normal(size=(number, 5)) * [1, 1, 10, 1, 1] + moved
    features[:, 2] = features[:, 2].round()
    features[:, 3] = features[:, 3].clip(0)
    return features.astype(np.float32)


@dataclass(frozen=True)
class Made:
    parts: dict[str, np.ndarray]
    found: tagger.Tagger
    file: Path
    session: onnxruntime.InferenceSession

    def run(self, features: np.ndarray) -> list[np.ndarray]:
        return self.session.run(None, dict(zip(NAMES, features.T, strict=True)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("tagger")
    normal = jets(900, 0, 0)
    apart, tests = {CONTROL: jets(333, 0, 1)}, {"low": jets(200, 0.2, 2), "high": jets(150, 0.6, 3)}
    with pytest.MonkeyPatch.context() as patch:
        # as of a large sample: a part of the jets teaches, and they are scored in pieces
        for name, value in {
            "tagger.BAGS": 2,
            "learnt_from.MOST": 500,
            "tagger.AT_ONCE": 100,
        }.items():
            patch.setattr(f"oddjet.estimate.{name}", value)
        found = tagger.train(normal, apart, tests, seed=1)
        normal = learnt_from(normal)
    assert len(normal) == 450
    with h5py.File(folder / "tagger.h5", "w") as target:
        TrainedTagger.of(found).write(target)
    trained = TrainedTagger.read(folder / "tagger.h5")
    proto = tagger_graph.of(trained, NAMES, normal)
    graph_file.write(folder / "weak.onnx", proto, {"input": {"features": NAMES}})
    session = onnxruntime.InferenceSession(folder / "weak.onnx")
    return Made(apart | tests, found, folder / "weak.onnx", session)


@pytest.mark.parametrize("part", [CONTROL, "low", "high"])
def test_each_jet_has_the_score_of_the_training_by_its_folds(made: Made, part: str) -> None:
    _, control = made.run(made.parts[CONTROL])
    _, log_odds = made.run(made.parts[part])
    assert log_odds.shape == (len(made.parts[part]), 2, tagger.FOLDS)
    chosen = made.found.folds[part]
    ranks = tagger.ranks(tagger.of_folds(log_odds, chosen), chosen, control)
    np.testing.assert_allclose(ranks, made.found.scores[part], rtol=1e-5)


def test_log_odds_are_those_of_the_classifiers_in_double_precision(made: Made) -> None:
    _, log_odds = made.run(made.parts[CONTROL])
    np.testing.assert_allclose(log_odds, made.found.log_odds, rtol=1e-12, atol=1e-12)


def test_a_jet_that_no_classifier_saw_is_ranked_among_control_by_all_of_them(made: Made) -> None:
    score, _ = made.run(made.parts[CONTROL])
    assert score.dtype == np.float32
    mean = made.found.log_odds.mean(axis=(1, 2))
    # as a new jet it lies above itself
    expected = ensemble.rank(mean, mean) + 0.5 / len(mean)
    np.testing.assert_allclose(score, expected, rtol=1e-5)
    fresh = jets(100, 0.5, 4)
    found, log_odds = made.run(fresh)
    expected = ensemble.rank(log_odds.mean(axis=(1, 2)), mean)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    alone = made.run(fresh[7:8])[0]
    assert alone[0] == found[7]


def test_documented_lines_give_the_scores_of_new_jets_and_of_the_training(made: Made) -> None:
    *_, of_table, of_folds = snippets()
    found: dict[str, Any] = {"np": np, "json": json, "session": made.session}
    found["facts"] = made.session.get_modelmeta().custom_metadata_map
    for part in (CONTROL, "high"):
        found["log_odds_of_control"] = found.get("log_odds")
        found["table"] = dict(zip(NAMES, made.parts[part].astype(float).T, strict=True))
        exec(of_table, found)
        assert found["anomaly_score"] == pytest.approx(made.run(made.parts[part])[0])
    found["fold"] = made.found.folds["high"]
    exec(of_folds, found)
    np.testing.assert_allclose(found["score"], made.found.scores["high"], rtol=1e-5)


def test_its_cuts_hold_for_background_that_no_classifier_saw(made: Made) -> None:
    score, _ = made.run(made.parts[CONTROL])
    cut = graph_file.cuts(score, 0.1, 0.95)[0]
    fresh, _ = made.run(jets(20000, 0, 5))
    passed = (fresh > cut["threshold"]).mean()
    assert abs(passed - cut["fpr"]) < 4 * (cut["fpr"] / 333) ** 0.5  # of so many control jets
    assert cut["fpr_upper"] <= 0.1


def test_features_that_are_not_finite_give_nan(made: Made) -> None:
    features = jets(4, 0, 6)
    features[1, 2], features[3, 0] = np.nan, np.inf
    score, log_odds = made.run(features)
    assert np.isnan(score).tolist() == [False, True, False, True]
    assert np.isnan(log_odds).all(axis=(1, 2)).tolist() == [False, True, False, True]


def test_trees_without_a_split_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger, "BAGS", 1)
    normal, apart, tests = jets(60, 0, 0), {CONTROL: jets(40, 0, 1)}, {"low": jets(30, 0.5, 2)}
    found = tagger.train(normal, apart, tests, seed=1)
    trained = TrainedTagger.of(found)
    assert (trained.feature < 0).all()  # a leaf has 100 jets or more
    graph_file.write(tmp_path / "weak.onnx", tagger_graph.of(trained, NAMES, normal), {})
    session = onnxruntime.InferenceSession(tmp_path / "weak.onnx")
    _, log_odds = session.run(None, dict(zip(NAMES, apart[CONTROL].T, strict=True)))
    np.testing.assert_allclose(log_odds, found.log_odds, rtol=1e-12, atol=1e-12)


def test_a_threshold_between_two_neighbouring_numbers_parts_them(tmp_path: Path) -> None:
    low = np.float32(0.1)
    high = np.nextafter(low, np.float32(1))
    one = TrainedTagger(
        log_odds=np.zeros((5, 1, 1)),
        constant=np.zeros((1, 1)),
        coefficients=np.zeros((1, 1, 2)),
        root=np.array([0]),
        classifier=np.array([0]),
        feature=np.array([0, -1, -1]),
        threshold=np.array([0.1 * float(low) + 0.9 * float(high), 0, 0]),  # rounds to `high`
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        value=np.array([0, -0.25, 0.5]),
    )
    normal = np.array([[low], [high]])
    graph_file.write(tmp_path / "weak.onnx", tagger_graph.of(one, ["mass"], normal), {})
    session = onnxruntime.InferenceSession(tmp_path / "weak.onnx")
    score, log_odds = session.run(None, {"mass": normal[:, 0]})
    assert log_odds.ravel().tolist() == [-0.25, 0.5]
    assert score.tolist() == [0, 1]


def test_the_checker_of_onnx_accepts_it_and_it_says_what_goes_in(made: Made) -> None:
    proto = onnx.load(made.file)
    onnx.checker.check_model(proto, full_check=True)
    # with newer trees onnxruntime 1.21 to 1.23 sums wrongly
    assert {one.domain: one.version for one in proto.opset_import} == {"": 18, "ai.onnx.ml": 3}
    assert [one.name for one in made.session.get_inputs()] == NAMES
    assert {one.type for one in made.session.get_inputs()} == {"tensor(float)"}
