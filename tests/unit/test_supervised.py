"""Networks that are told the labels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from conftest import blobs
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from oddjet.common.errors import InputError
from oddjet.evaluate.supervised import (
    Classifier,
    CrossFit,
    DeviceArray,
    Jets,
    cross_fit,
    in_jet_frame,
    load,
    probabilities,
    read_jets,
    save,
)
from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.train.torch_setup import CPU, set_up_torch

CNN = {"inputs": "images"}
DENSE = {"inputs": "constituents", "leading": 3, "hidden": [64, 32]}
LABELS = np.random.default_rng(0).integers(2, size=200)


@pytest.fixture(autouse=True)
def repeatable() -> Iterator[None]:
    set_up_torch(1, 1)
    yield
    torch.use_deterministic_algorithms(False)


def images() -> SparseImages:
    """One blob or two, by label."""
    rng = np.random.default_rng(0)
    found = [blobs(rng, [tuple(rng.uniform(4, 11, 2)) for _ in range(1 + x)], 16) for x in LABELS]
    return SparseImages.from_dense(np.stack(found)[:, None].astype(np.float32))


def constituents() -> np.ndarray:
    """Three massless ones of each jet (200, 3, 4), close together or, by label, far apart."""
    rng = np.random.default_rng(0)
    spread = np.where(LABELS, 0.4, 0.1)[:, None]
    axis = [rng.uniform(low, -low, (200, 1)) for low in (-2, -np.pi)]
    eta, phi = (middle + spread * rng.normal(size=(200, 3)) for middle in axis)
    pt = -np.sort(-rng.uniform(50, 300, (200, 3)), axis=1)
    momentum = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(momentum, axis=2).astype(np.float32)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A prepared sample of images and constituents."""
    with h5py.File(tmp_path / "sample.h5", "w") as file:
        SparseFile.create(file, (1, 16, 16)).append(images())
        file["constituents"] = constituents()
    return tmp_path / "sample.h5"


def read(path: Path, network: dict[str, Any], rows: np.ndarray | None = None) -> Jets:
    return read_jets(network, [(path, rows)], 0.0, CPU)


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


def test_images_have_one_unit_and_each_number_of_constituents_its_own() -> None:
    rng = np.random.default_rng(0)
    batches = [torch.as_tensor(rng.normal(size=(5, 1, 8, 8)), dtype=torch.float32) for _ in "ab"]
    classifier = Classifier(CNN, (1, 8, 8))
    classifier.fit_unit(batches)
    assert classifier.unit.item() == pytest.approx(torch.cat(batches).square().mean().sqrt().item())
    vectors = torch.as_tensor(rng.normal(size=(9, 3, 4)), dtype=torch.float32)
    vectors[:, 2] = 0  # jets of two constituents
    classifier = Classifier(DENSE, (3, 4))
    classifier.fit_unit(iter([vectors]))
    expected = vectors.square().mean(0).sqrt()
    expected[2] = 1
    torch.testing.assert_close(classifier.unit, expected)


def test_what_is_learnt_does_not_depend_on_the_unit_of_momenta(prepared: Path) -> None:
    jets = read(prepared, DENSE)
    scores = fitted(jets, network=DENSE, epochs=2).scores
    set_up_torch(1, 1)
    # a power of two: the same digits
    in_other_units = DeviceArray(jets.dense(torch.arange(200)).numpy() * 1024, CPU)
    np.testing.assert_array_equal(fitted(in_other_units, network=DENSE, epochs=2).scores, scores)


# Constituents


def masses(vectors: np.ndarray) -> np.ndarray:
    """Of the sums of four-vectors (N, k, 4)."""
    energy, *momentum = vectors.astype(np.float64).sum(1).T
    return np.sqrt(energy**2 - np.square(momentum).sum(0))


def test_in_the_jets_frame_it_has_no_y_and_z_momentum_and_the_same_mass_and_pt() -> None:
    before = constituents()
    after = in_jet_frame(before)
    assert after.dtype == np.float32
    jet = after.sum(1)
    np.testing.assert_allclose(jet[:, 2:], 0, atol=1e-3)
    np.testing.assert_allclose(jet[:, 1], np.hypot(*before.sum(1).T[1:3]), rtol=1e-5)
    np.testing.assert_allclose(masses(after), masses(before), rtol=1e-3)
    pt = np.hypot(after[..., 1], after[..., 2])
    np.testing.assert_allclose(pt, np.hypot(before[..., 1], before[..., 2]), rtol=1e-4)


def test_constituents_that_are_not_there_stay_zero_and_so_does_an_empty_jet() -> None:
    vectors = constituents()[:2]
    vectors[0, 2] = vectors[1] = 0
    after = in_jet_frame(vectors)
    assert (after[0, 2] == 0).all()
    assert (after[1] == 0).all()
    assert np.isfinite(after).all()


def test_a_jet_along_the_beam_gives_finite_numbers() -> None:
    assert np.isfinite(in_jet_frame(np.array([[[10.0, 0, 0, 10.0]]]))).all()


@pytest.mark.parametrize("leading", [2, 5])
def test_so_many_leading_constituents_are_read_padded_with_zeros(
    prepared: Path, leading: int
) -> None:
    rows = np.array([3, 7])
    jets = read(prepared, DENSE | {"leading": leading}, rows)
    assert jets.shape == (leading, 4)
    found = jets.dense(torch.arange(2)).numpy()
    expected = np.zeros((2, leading, 4))
    expected[:, :3] = constituents()[rows][:, :leading]
    np.testing.assert_array_equal(found, in_jet_frame(expected))


def test_several_samples_stand_one_behind_the_other(prepared: Path) -> None:
    both = read_jets(CNN, [(prepared, None), (prepared, np.array([5]))], 0.0, CPU)
    assert len(both) == 201
    torch.testing.assert_close(both.dense(torch.tensor([200])), both.dense(torch.tensor([5])))


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
