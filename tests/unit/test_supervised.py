"""Networks that are told the labels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from labelled_jets import CNN, DENSE, LABELS, write_sample
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from oddjet.common.errors import InputError
from oddjet.evaluate.supervised import CrossFit, cross_fit, load, probabilities, save
from oddjet.evaluate.supervised_inputs import DeviceArray, Jets, read_jets
from oddjet.train.torch_setup import CPU, set_up_torch


@pytest.fixture(autouse=True)
def repeatable() -> Iterator[None]:
    set_up_torch(1, 1)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "sample.h5")


def read(path: Path, network: dict[str, Any]) -> Jets:
    return read_jets(network, [(path, None)], 0.0, CPU)


def fitted(jets: Jets, labels: np.ndarray = LABELS, network: Any = CNN, epochs: int = 12):
    return cross_fit(jets, labels, network, epochs, 1, CPU)


# Learning


@pytest.mark.parametrize("network", [CNN, DENSE], ids=["images", "constituents"])
def test_each_half_is_scored_by_what_was_learnt_from_the_other(
    prepared: Path, network: dict[str, Any]
) -> None:
    jets = read(prepared, network)
    scores = fitted(jets, network=network).scores
    assert roc_auc_score(LABELS, scores) > 0.8
    # labels without meaning: had it seen those of the jets that it scores, it would know them
    shuffled = np.random.default_rng(5).permutation(LABELS)
    scores = fitted(jets, shuffled, network).scores
    # three standard deviations of the AUC of 100 against 100 random scores
    assert abs(roc_auc_score(shuffled, scores) - 0.5) < 0.125


def test_the_history_ends_with_the_loss_and_accuracy_of_the_scores(prepared: Path) -> None:
    found = fitted(read(prepared, DENSE), network=DENSE, epochs=3)
    history = found.history
    assert list(history) == [
        *("half", "epoch", "train_loss", "train_accuracy", "held_loss", "held_accuracy")
    ]
    assert history.half.tolist() == [1, 1, 1, 2, 2, 2]
    assert history.epoch.tolist() == [1, 2, 3] * 2
    last = history[history.epoch == 3]
    # halves of 100 jets: the mean over both is that over all
    output = 1 / (1 + np.exp(-found.scores))
    assert last.held_loss.mean() == pytest.approx(log_loss(LABELS, output), rel=1e-5)
    assert last.held_accuracy.mean() == pytest.approx(accuracy_score(LABELS, output > 0.5))
    assert (history[history.epoch == 1].train_loss > last.train_loss.to_numpy()).all()
    assert history.train_accuracy.between(0.3, 1).all()


def test_normal_jets_alone_teach_nothing_and_break_nothing(prepared: Path) -> None:
    found = fitted(read(prepared, DENSE), np.zeros(200, int), DENSE, 1)
    assert np.isfinite(found.scores).all()


def test_one_labelled_jet_is_too_few_and_said_so() -> None:
    with pytest.raises(InputError, match=r"found 1 labelled jets; .*\nHint: .*networks to \{\}"):
        fitted(DeviceArray(np.ones((1, 3, 4)), CPU), np.zeros(1, int), DENSE, 1)


# Units


@pytest.mark.parametrize("network", [CNN, DENSE], ids=["images", "constituents"])
def test_what_is_learnt_repeats_to_the_last_bit_in_any_unit_of_momenta(
    prepared: Path, network: dict[str, Any]
) -> None:
    jets = read(prepared, network)
    scores = fitted(jets, network=network, epochs=2).scores
    set_up_torch(1, 1)
    # a power of two: the same digits
    in_other_units = DeviceArray(jets.dense(torch.arange(200)).numpy() * 1024, CPU)
    np.testing.assert_array_equal(fitted(in_other_units, network=network, epochs=2).scores, scores)


# Predictions


@pytest.mark.parametrize("network", [CNN, DENSE], ids=["images", "constituents"])
def test_a_saved_network_predicts_the_mean_of_both_halves(
    prepared: Path, tmp_path: Path, network: dict[str, Any]
) -> None:
    jets = read(prepared, network)
    found: CrossFit = fitted(jets, network=network, epochs=1)
    save(tmp_path / "networks.pt", {"mine": found.classifiers}, {"seed": "1"})
    loaded = load(tmp_path / "networks.pt", "mine", CPU)
    assert loaded[0].network == network
    predicted = probabilities(loaded, jets)
    assert predicted.dtype == np.float32
    every = jets.dense(torch.arange(200))
    with torch.no_grad():
        outputs = [torch.sigmoid(classifier(every)).numpy() for classifier in found.classifiers]
    assert (outputs[0] != outputs[1]).any()
    np.testing.assert_allclose(predicted, np.mean(outputs, axis=0), rtol=1e-5)


@pytest.mark.parametrize("kind", [0, 1])
def test_what_was_told_of_one_kind_alone_predicts_nothing(
    prepared: Path, tmp_path: Path, kind: int
) -> None:
    jets = read(prepared, CNN)
    found = fitted(jets, np.full(len(LABELS), kind), epochs=1)
    assert np.isfinite(found.scores).all()
    save(tmp_path / "networks.pt", {"cnn": found.classifiers}, {})
    assert np.isnan(probabilities(load(tmp_path / "networks.pt", "cnn", CPU), jets)).all()
