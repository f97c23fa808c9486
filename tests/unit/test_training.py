"""Training and the autoencoder: what is learnt, kept, recorded, repeated and refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import KINDS, NO_AUGMENTATION, architecture, blobs, setting

from oddjet.prepare.sparse import SparseImages
from oddjet.train import training
from oddjet.train.build import build, kind_of
from oddjet.train.device_images import DeviceImages
from oddjet.train.normalisation import MinMax
from oddjet.train.reconstruction_error import ReconstructionError, moments
from oddjet.train.torch_setup import CPU, set_up_torch

PARAMETERS = architecture("convolutional", latent=3, dropout=0.1)
SETTINGS = {
    "epochs": 3,
    "batch_size": 16,
    "learning_rate": 1e-3,
    "patience": 10,
    "plateau": None,
    "augmentation": NO_AUGMENTATION,
}
HISTORY = ["epoch", "train_loss", "val_loss", "learning_rate", "seconds"]  # as in the interface


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Leave PyTorch's global settings as they were."""
    threads = torch.get_num_threads()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


def moving_blobs(events: int, seed: int) -> SparseImages:
    """Images that two numbers describe: a blob anywhere but at the rim."""
    rng = np.random.default_rng(seed)
    images = [blobs(rng, [tuple(rng.uniform(4, 11, 2))], 16) for _ in range(events)]
    return SparseImages.from_dense(np.stack(images)[:, None].astype(np.float32))


def train(
    seed: int = 1, images: tuple[SparseImages, SparseImages] | None = None, **settings: Any
) -> training.Trained:
    parts = images or (moving_blobs(64, 1), moving_blobs(32, 2))
    set_up_torch(seed, 1)
    return training.train(*parts, setting(PARAMETERS, SETTINGS | settings), seed, CPU)


def loss(trained: training.Trained, images: SparseImages) -> float:
    """Mean squared error by plain loops over images and pixels."""
    (minimum,), (maximum,) = trained.normalisation.minimum, trained.normalisation.maximum
    dense = (images.dense() - minimum) / (maximum - minimum)
    with torch.no_grad():
        outputs = trained.model.eval()(torch.from_numpy(dense)).numpy()
    total = 0.0
    for image, output in zip(dense.astype(float), outputs.astype(float), strict=True):
        total += float(((image - output) ** 2).sum()) / image.size
    return total / len(dense)


# What is learnt


def test_training_on_learnable_images_beats_the_blank_and_the_mean_image() -> None:
    parts = moving_blobs(256, 1), moving_blobs(64, 2)
    trained = train(images=parts, epochs=25, learning_rate=3e-3)
    best = min(row["val_loss"] for row in trained.history)
    row = trained.history[0]
    assert row["mean_loss"] < row["blank_loss"]
    assert best < 0.3 * row["mean_loss"]  # 0.05 here; 1 would be nothing learnt


def test_blank_and_mean_loss_are_those_of_the_blank_and_the_mean_image() -> None:
    fitted, held = moving_blobs(64, 1), moving_blobs(32, 2)
    trained = train(images=(fitted, held), epochs=1)
    scale = fitted.values.max()
    mean = (fitted.dense() / scale).mean(0, dtype=np.float64)
    blank_losses, mean_losses = [], []
    for image in held.dense().astype(np.float64) / scale:
        blank_losses.append((image**2).mean())
        mean_losses.append(((image - mean) ** 2).mean())
    row = trained.history[0]
    # sums of 256 single-precision squares; their error is far below 1e-5
    assert row["blank_loss"] == pytest.approx(np.mean(blank_losses), rel=1e-5)
    assert row["mean_loss"] == pytest.approx(np.mean(mean_losses), rel=1e-5)


def test_validation_loss_is_the_mean_error_of_the_validation_images() -> None:
    parts = moving_blobs(64, 1), moving_blobs(32, 2)
    trained = train(images=parts, epochs=1)
    # single against double precision
    assert trained.history[0]["val_loss"] == pytest.approx(loss(trained, parts[1]), rel=1e-5)


def test_the_unit_of_the_pixels_changes_nothing() -> None:
    histories = []
    for scale in (1.0, 2.0**20):  # a power of two: not a digit changes
        parts = [moving_blobs(64, 1), moving_blobs(32, 2)]
        scaled = [SparseImages(p.offsets, p.pixels, p.values * scale, p.shape) for p in parts]
        histories.append(train(images=tuple(scaled)).history)
    for first, second in zip(*histories, strict=True):
        assert first["val_loss"] == second["val_loss"]


# What is repeated


def test_same_seed_gives_the_same_weights_to_the_bit_and_another_seed_others() -> None:
    first, again, other = (train(seed).model.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    drawn = [name for name in first if name.endswith("weight")]
    assert len(drawn) >= 8  # three convolutions, two linear layers, three deconvolutions
    assert not any(torch.equal(first[name], other[name]) for name in drawn)


def test_same_seed_gives_the_same_history_but_for_the_seconds() -> None:
    first, again = ([row | {"seconds": 0} for row in train(1).history] for _ in range(2))
    assert first == again


# What is kept and recorded


def test_weights_of_the_best_epoch_are_kept_and_not_of_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, states = iter([9.0, 8.0, 3.0, 2.0, 4.0, 2.0, 5.0]), []

    def scripted(_: Any, images: DeviceImages, reconstruct: Any) -> float:
        if isinstance(reconstruct, torch.nn.Module):
            states.append({name: w.clone() for name, w in reconstruct.state_dict().items()})
        return next(found)

    monkeypatch.setattr(ReconstructionError, "mean", scripted)
    kept = train(epochs=5).model.state_dict()
    assert len(states) == 5
    assert all(torch.equal(kept[name], states[1][name]) for name in kept)
    assert not all(torch.equal(kept[name], states[-1][name]) for name in kept)


def test_loss_of_the_model_that_is_kept_is_the_least_of_the_history() -> None:
    parts = moving_blobs(32, 1), moving_blobs(32, 2)
    trained = train(images=parts, epochs=6, learning_rate=0.03)  # too fast: it swings
    least = min(row["val_loss"] for row in trained.history)
    # single against double precision
    assert loss(trained, parts[1]) == pytest.approx(least, rel=1e-5)


def test_history_has_the_columns_of_the_interface_and_a_row_per_epoch() -> None:
    history = train(epochs=3).history
    assert list(history[0])[: len(HISTORY)] == HISTORY
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(row["learning_rate"] == 1e-3 for row in history)
    assert all(np.isfinite(list(row.values())).all() for row in history)


@pytest.mark.parametrize("patience", [1, 3])
def test_training_stops_after_the_patience_without_a_better_epoch(
    monkeypatch: pytest.MonkeyPatch, patience: int
) -> None:
    # validation losses: blank, mean, then falling for two epochs, a tie, and rising
    found = iter([9.0, 8.0, 3.0, 2.0, 2.0, 2.5, 2.5, 2.5, 1.0, 1.0])
    monkeypatch.setattr(ReconstructionError, "mean", lambda *_: next(found))
    history = train(epochs=8, patience=patience).history
    assert len(history) == 2 + patience


def test_the_learning_rate_falls_where_the_validation_loss_has_come_to_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # validation losses: blank, mean, then a better one, three that are not, a better one, and rest
    found = iter([9.0, 8.0, 3.0, 3.0, 3.1, 3.0, 2.0, 2.0, 2.0, 2.0])
    monkeypatch.setattr(ReconstructionError, "mean", lambda *_: next(found))
    history = train(epochs=8, plateau={"factor": 0.1, "patience": 1}).history
    # a row has the rate that its epoch was trained with; one is let pass, the second lowers it
    rates = [row["learning_rate"] for row in history]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 1e-4, 1e-5])


@pytest.mark.parametrize("kind", KINDS)
def test_a_plateau_slows_every_optimiser_of_a_model(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReconstructionError, "mean", lambda *_: 1.0)  # at rest at once
    seen: list[list[float]] = []
    step = kind_of(kind).step

    def watched(model: Any, images: Any, loss: Any, optimisers: Any) -> torch.Tensor:
        seen.append([one.param_groups[0]["lr"] for one in optimisers])
        return step(model, images, loss, optimisers)

    monkeypatch.setattr(kind_of(kind), "step", watched)
    parts = moving_blobs(16, 1), moving_blobs(16, 2)
    set_up_torch(1, 1)
    settings = SETTINGS | {"plateau": {"factor": 0.5, "patience": 0}}
    training.train(*parts, setting(architecture(kind, latent=2), settings), 1, CPU)
    # one batch an epoch; the first of them is the best so far
    rates = [1e-3, 1e-3, 5e-4]
    assert seen == [[rate] * len(seen[0]) for rate in rates]


def test_training_ends_at_the_last_epoch_while_it_still_improves() -> None:
    history = train(epochs=2, patience=1).history
    assert len(history) == 2


def test_a_saved_model_loads_without_unpickling_and_gives_the_same_output(tmp_path: Path) -> None:
    trained = train()
    path = tmp_path / "model.pt"
    trained.save(path, {"seed": "1"})
    content = torch.load(path, weights_only=True)
    assert content["model"] == PARAMETERS
    assert tuple(content["shape"]) == (1, 16, 16)
    assert content["provenance"] == {"seed": "1"}
    model, normalisation = training.load(path, CPU)
    assert normalisation == trained.normalisation == MinMax(**content["normalisation"])
    assert not model.training  # dropout is off
    images = DeviceImages(moving_blobs(8, 5), normalisation, CPU).dense(torch.arange(8))
    with torch.no_grad():
        assert torch.equal(model(images), trained.model.eval()(images))


def test_the_same_model_saved_under_another_name_is_the_same_file(tmp_path: Path) -> None:
    # the scores record the checksum of the model: it must not depend on a temporary name
    trained = train(epochs=1)
    trained.save(tmp_path / "a.pt", {})
    trained.save(tmp_path / ".partial-x1y2.pt", {})
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / ".partial-x1y2.pt").read_bytes()


# The autoencoder


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (1, 16, 16), (1, 17, 23), (1, 30, 30), (3, 30, 30), (1, 100, 100)], ids=str
)
def test_images_of_any_size_come_back_in_their_own_size(
    kind: str, shape: tuple[int, int, int]
) -> None:
    torch.manual_seed(0)
    model = build(shape, architecture(kind, latent=5, dropout=0.2))
    images = torch.rand(2, *shape)
    latent = model.encode(images)
    assert latent.shape == (2, 5)
    outputs = model.decode(latent)
    assert outputs.shape == images.shape


@pytest.mark.parametrize("shape", [(1, 7, 100), (1, 100, 7), (3, 1, 1)], ids=str)
def test_images_below_8_pixels_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="smaller than 8 x 8"):
        build(shape, PARAMETERS)


def test_no_output_image_is_blanked_while_training() -> None:
    # dropout behind the output would zero a channel of every other image
    torch.manual_seed(0)
    model = build((3, 16, 16), architecture("convolutional", latent=2, dropout=0.5)).train()
    with torch.no_grad():
        outputs = model(torch.rand(64, 3, 16, 16))
    assert (outputs.flatten(2).max(2).values > 0).all()


def test_dropout_acts_in_training_alone() -> None:
    torch.manual_seed(0)
    model = build((1, 16, 16), architecture("convolutional", latent=2, dropout=0.5))
    images = torch.rand(8, 1, 16, 16)
    with torch.no_grad():
        model.train()
        assert not torch.equal(model(images), model(images))
        model.eval()
        assert torch.equal(model(images), model(images))


def test_without_dropout_the_network_has_the_same_layers_that_learn() -> None:
    with_dropout, without = (
        build((1, 16, 16), architecture("convolutional", latent=2, dropout=p)) for p in (0.2, 0.0)
    )
    shapes = [[w.shape for w in model.parameters()] for model in (with_dropout, without)]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("mean", [0.001, 0.3])
def test_an_untrained_network_predicts_about_the_mean_pixel(mean: float) -> None:
    torch.manual_seed(0)
    model = build((1, 16, 16), PARAMETERS).eval()
    model.start_at(torch.full((1, 16, 16), mean), rms=0.6)
    with torch.no_grad():
        outputs = model(torch.rand(16, 1, 16, 16))
    # the weights' contribution before the sigmoid is a few tenths
    assert float(outputs.mean()) == pytest.approx(mean, rel=0.5)


def test_the_moments_are_those_of_all_images() -> None:
    sparse = moving_blobs(300, 1)  # more than a batch
    total, squares = np.zeros((1, 16, 16)), 0.0
    for image in sparse.dense().astype(np.float64):
        total += image
        squares += (image**2).sum()
    images = DeviceImages(sparse, MinMax.none(1), CPU)
    mean, mean_square = moments(images)
    # double-precision sums rounded to single precision at the end
    np.testing.assert_allclose(mean.numpy(), total / 300, rtol=1e-6, atol=1e-9)
    assert mean_square == pytest.approx(squares / 300 / 256, rel=1e-6)


# Every kind of autoencoder


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_and_scores_odd_images_higher(kind: str) -> None:
    parameters = architecture(kind, latent=3)
    parts = moving_blobs(256, 1), moving_blobs(64, 2)
    set_up_torch(1, 1)
    settings = SETTINGS | {"epochs": 30, "learning_rate": 3e-3}
    trained = training.train(*parts, setting(parameters, settings), 1, CPU)
    last = min(trained.history, key=lambda row: row["val_loss"])
    assert last["val_loss"] < 0.7 * last["mean_loss"]
    rng = np.random.default_rng(3)
    odd = [blobs(rng, [tuple(rng.uniform(3, 12, 2)) for _ in range(4)], 16) for _ in range(64)]
    odd = SparseImages.from_dense(np.stack(odd)[:, None].astype(np.float32))
    error = ReconstructionError({"mse": 1.0}, {"mse": 1.0}, 1.0)
    with torch.no_grad():
        scores = [
            trained.model.score(
                DeviceImages(x, trained.normalisation, CPU).dense(torch.arange(64)), error
            )
            for x in (parts[1], odd)
        ]
    assert scores[0][1].shape == (64, 3)
    if kind != "gan":  # what its discriminator makes of images that it never saw is open
        assert scores[1][0].median() > scores[0][0].median()


@pytest.mark.parametrize("downsampling", ["stride", "pooling"])
@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (2, 23, 31)])
def test_every_way_of_halving_and_doubling_gives_back_the_shape(
    downsampling: str, upsampling: str, shape: tuple[int, int, int]
) -> None:
    ways = {"downsampling": downsampling, "upsampling": upsampling, "activation": "gelu"}
    model = build(shape, architecture("convolutional", latent=2, **ways))
    assert model(torch.rand(3, *shape)).shape == (3, *shape)


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_a_softmax_gives_every_image_the_sum_of_the_mean_image(kind: str) -> None:
    model = build((2, 16, 16), architecture(kind, latent=2, output="softmax"))
    mean = torch.rand(2, 16, 16) / 100
    model.start_at(mean, rms=0.1)
    outputs = model(torch.rand(5, 2, 16, 16))
    torch.testing.assert_close(outputs.flatten(1).sum(1), mean.sum().expand(5))
    assert (outputs >= 0).all()


def test_an_untrained_dense_softmax_predicts_about_the_mean_image() -> None:
    torch.manual_seed(0)
    model = build((1, 16, 16), architecture("dense", latent=2, output="softmax"))
    mean = torch.rand(1, 16, 16) / 100 + 1e-3
    model.start_at(mean, rms=0.1)
    with torch.no_grad():
        output = model(torch.zeros(1, 1, 16, 16))[0]
    assert float((output / mean).log().abs().mean()) < 0.3  # the weights' part: a tenth


def test_the_divergence_draws_the_latents_of_a_variational_one_to_a_standard_normal() -> None:
    spreads = []
    for beta in (0.0, 1.0):
        set_up_torch(1, 1)
        parameters = architecture("variational", latent=2, beta=beta)
        settings = SETTINGS | {"epochs": 10, "learning_rate": 3e-3}
        parts = moving_blobs(128, 1), moving_blobs(32, 2)
        trained = training.train(*parts, setting(parameters, settings), 1, CPU)
        images = DeviceImages(parts[0], trained.normalisation, CPU).dense(torch.arange(128))
        spreads.append(float(trained.model.encode(images).detach().std()))
    # means and variances add up to the prior's 1: a divergence that rules leaves the means at 0
    assert spreads[1] < 0.2 < spreads[0]


def test_augmentation_changes_a_training_and_the_same_seed_repeats_it() -> None:
    plain = train(epochs=2)
    turned, again = (
        train(epochs=2, augmentation=NO_AUGMENTATION | {"rotate": True}) for _ in range(2)
    )
    assert turned.history[1]["val_loss"] == again.history[1]["val_loss"]
    assert turned.history[1]["val_loss"] != plain.history[1]["val_loss"]


@pytest.mark.parametrize("loss", ["mae", {"ssim": 0.5, "mse": 0.5}])
def test_the_history_is_in_the_loss_that_was_asked_for(loss: str | dict) -> None:
    set_up_torch(1, 1)
    parts = moving_blobs(64, 1), moving_blobs(32, 2)
    trained = training.train(*parts, setting(PARAMETERS, SETTINGS) | {"loss": loss}, 1, CPU)
    fitted, held = (DeviceImages(part, trained.normalisation, CPU) for part in parts)
    error = ReconstructionError.fit(loss, fitted)
    assert trained.history[0]["blank_loss"] == error.mean(held, torch.zeros_like)
    best = min(row["val_loss"] for row in trained.history)
    assert error.mean(held, trained.model.eval()) == pytest.approx(best, rel=1e-6)
