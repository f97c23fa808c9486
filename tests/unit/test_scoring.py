"""Scores beside the error, and the events whose reconstructions are kept."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from conftest import architecture
from scipy.ndimage import gaussian_filter
from sklearn.covariance import EmpiricalCovariance

from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.train import scoring
from oddjet.train.build import build
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError

SHAPE = (1, 8, 8)


@pytest.mark.parametrize("latent", [1, 2, 5])
def test_mahalanobis_distance_is_that_of_scikit_learn(tmp_path: Path, latent: int) -> None:
    rng = np.random.default_rng(latent)
    with h5py.File(tmp_path / "scores.h5", "w") as file:
        mixed = rng.normal(size=(latent, latent))
        for part, events in (("normal_train", 50), ("high", 7)):
            points = rng.normal(2, 1, (events, latent)) @ mixed
            file[f"{part}/latent"] = points.astype(np.float32)
        scoring.add_mahalanobis(file)
        fitted = EmpiricalCovariance().fit(file["normal_train/latent"][:].astype(float))
        for part in file:
            assert file[part]["mahalanobis"].dtype == np.float32
            expected = np.sqrt(fitted.mahalanobis(file[part]["latent"][:].astype(float)))
            # kept in single precision
            np.testing.assert_allclose(file[part]["mahalanobis"][:], expected, rtol=1e-6)


def test_distances_of_many_latents_are_computed_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latents = np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)
    monkeypatch.setattr(scoring, "AT_ONCE", 15)
    with h5py.File(tmp_path / "scores.h5", "w") as file:
        file["normal_train/latent"] = latents
        scoring.add_mahalanobis(file)
        found = file["normal_train/mahalanobis"][:]
    distance = scoring.Mahalanobis.fit(latents[::3])  # 14 from all over
    np.testing.assert_allclose(found, distance(torch.from_numpy(latents)), rtol=1e-6)


def test_a_latent_that_never_varies_adds_nothing_to_the_distance(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    found = []
    for latents in (points, np.column_stack([points, np.full(30, 3, np.float32)])):
        with h5py.File(tmp_path / "scores.h5", "w") as file:
            file["normal_train/latent"] = latents
            scoring.add_mahalanobis(file)
            found.append(file["normal_train/mahalanobis"][:])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


@pytest.fixture
def sample(tmp_path: Path) -> h5py.File:
    """Forty prepared events; their rows in the raw file are not those here."""
    images = np.random.default_rng(0).random((40, *SHAPE)).astype(np.float32)
    file = h5py.File(tmp_path / "normal.h5", "w")
    SparseFile.create(file, SHAPE).append(SparseImages.from_dense(images))
    file["event"] = np.arange(40) * 10
    file["source"] = np.zeros(40, np.int32)
    return file


def test_scores_of_pixels_near_zero_are_good_to_single_precision(
    tmp_path: Path, sample: h5py.File
) -> None:
    # their fourth roots magnify what is rounded before, to more than 1e-5 of a score
    torch.manual_seed(0)
    model = build(SHAPE, architecture("dense", latent=2)).eval()
    error = ReconstructionError({"fourth_root": 1.0}, {"fourth_root": 1.0}, 1.0)
    images = scoring.PreparedImages(sample, np.arange(40), MinMax.none(1, 1.0))
    (batch,) = images.batches()
    with torch.no_grad():
        model.output.bias.sub_(model.decode(model.encode(batch)).mean(0).flatten())
    with h5py.File(tmp_path / "scores.h5", "w") as target:
        scoring.score(images, target, model, error)
        found = target["error"][:]
    raw = SparseFile(sample).read().dense().astype(np.float64)
    smoothed = gaussian_filter(raw, (0, 0, 1, 1), mode="constant")
    expected, _ = model.double().score(torch.from_numpy(smoothed), error)
    np.testing.assert_allclose(found, expected.detach(), rtol=1e-6)


@pytest.mark.parametrize("events", [3, 20])
def test_examples_are_of_low_middle_and_high_error(
    tmp_path: Path, sample: h5py.File, events: int
) -> None:
    rows = np.arange(40)[-events:]
    errors = np.random.default_rng(1).permutation(events).astype(np.float32)
    images = scoring.PreparedImages(sample, rows, MinMax.none(1))
    model = build(SHAPE, architecture("dense", latent=2)).eval()
    with h5py.File(tmp_path / "examples.h5", "w", track_order=True) as file:
        scoring.reconstruct_examples(images, errors, file, model)
        assert list(file) == ["low", "middle", "high"]
        means = []
        for group in file.values():
            picked = np.searchsorted(sample["event"][:], group["event"][:])
            np.testing.assert_array_equal(
                group["input"][:], SparseFile(sample).select(picked).dense()
            )
            with torch.no_grad():
                expected = model(torch.from_numpy(group["input"][:])).numpy()
            np.testing.assert_array_equal(group["output"][:], expected)
            np.testing.assert_array_equal(group["error"][:], errors[picked - rows[0]])
            means.append(group["error"][:].mean())
    # errors are ranks: those around the 5th, 50th and 95th percentile, or all three there are
    assert means == ([1, 1, 1] if events == 3 else [2, 9, 17])
