"""A PyTorch Lightning loop over dense tensors, as in the course's notebook, and oddjet's training.

The network, the data, the batches, the start of the output and the number of epochs are the same.
Both run with as many threads, in turn, so that a busy machine slows both, and each in a process of
its own: what oddjet sets in its own helps any PyTorch, and what else is imported may slow it.
"""

import copy
import logging
import multiprocessing
import statistics
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from datapath import STEPS, demo_images
from networks import COURSE, DEFAULT
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from oddjet.prepare.preprocessing import preprocess, smallest_crop
from oddjet.prepare.raw import open_array, read_truth
from oddjet.prepare.sparse import SparseImages
from oddjet.train import training
from oddjet.train.build import build
from oddjet.train.device_images import DeviceImages, fit_min_max
from oddjet.train.models.base import Autoencoder
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU, set_up_torch

DEMO = Path(__file__).parents[1] / "resources" / "demo"
SCORE = {"hellinger": 0.5, "fourth_root": 0.5}
SMOOTHING = 1.0
SETTINGS = {"batch_size": 64, "learning_rate": 1e-3, "patience": 100, "plateau": None}
SETTINGS |= {"augmentation": dict.fromkeys(("rotate", "flip_eta", "flip_phi", "shift_phi"), False)}
SEEDS = (1, 2, 3)
MATRIX = 2048  # rows and columns


class Notebook(lightning.LightningModule):
    """The course's network in the course's loop; the time of every epoch is kept."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network
        self.seconds: list[float] = []
        self.losses: list[float] = []

    def training_step(self, batch: list, _: int) -> torch.Tensor:
        return torch.nn.functional.mse_loss(self.network(batch[0]), batch[0])

    def validation_step(self, batch: list, _: int) -> None:
        loss = torch.nn.functional.mse_loss(self.network(batch[0]), batch[0])
        self.log("val_loss", loss, batch_size=len(batch[0]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), SETTINGS["learning_rate"])

    def on_train_epoch_start(self) -> None:
        self.started = time.monotonic()

    def on_train_epoch_end(self) -> None:
        self.seconds.append(time.monotonic() - self.started)
        self.losses.append(float(self.trainer.callback_metrics["val_loss"]))


def by_notebook(
    parts: list[SparseImages], epochs: int, threads: int, seed: int, accelerator: str = "cpu"
) -> tuple[list[float], float, dict[str, torch.Tensor]]:
    """Train as the notebook does, on dense float32 tensors scaled by the global maximum.

    Seconds of each epoch, the last validation loss, and the network's state.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    scale = fit_min_max(parts[0], 0.0, CPU)
    dense = [scale(torch.from_numpy(part.dense())) for part in parts]
    network = build(parts[0].shape, COURSE)
    # with its own start its sigmoid ends at an all-zero image: docs/science/autoencoders.md
    network.start_at(dense[0].mean(0), float(dense[0].square().mean().sqrt()))
    module = Notebook(network)
    loaders = [
        DataLoader(TensorDataset(x), SETTINGS["batch_size"], shuffle=number == 0)
        for number, x in enumerate(dense)
    ]
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator=accelerator,
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, *loaders)
    state = {name: value.cpu() for name, value in network.state_dict().items()}
    return module.seconds, module.losses[-1], state


def in_a_process_of_its_own(function: Callable[..., Any], *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *arguments).result()


def by_oddjet(
    parts: list[SparseImages],
    parameters: dict,
    epochs: int,
    threads: int,
    seed: int,
    smoothing: float = 0.0,
    device: torch.device = CPU,
) -> training.Trained:
    set_up_torch(seed, threads)
    settings = SETTINGS | {"epochs": epochs}
    setting = {"model": parameters, "training": settings, "loss": "mse", "smoothing": smoothing}
    return training.train(*parts, setting, seed, device)


def floor(
    parts: list[SparseImages], parameters: dict, threads: int, device: torch.device = CPU
) -> float:
    """Seconds of an epoch if each operation were part of a large matrix product."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    model = build(parts[0].shape, parameters)
    some = torch.rand(SETTINGS["batch_size"], *parts[0].shape)
    with FlopCounterMode(display=False) as forwards:
        model(some)
    with FlopCounterMode(display=False) as both:
        model(some).sum().backward()
    learning, judging = both.get_total_flops(), forwards.get_total_flops()
    operations = (len(parts[0]) * learning + len(parts[1]) * judging) / len(some)
    matrix = torch.rand(MATRIX, MATRIX, device=device)
    times = []
    for _ in range(10):
        started = time.monotonic()
        matrix @ matrix
        if device.type == "cuda":  # which is not waited for
            torch.cuda.synchronize()
        times.append(time.monotonic() - started)
    torch.set_num_threads(before)
    return operations / (2 * MATRIX**3 / min(times))


def auc(
    model: Autoencoder, fitted: SparseImages, tests: SparseImages, score: Any, smoothing: float
) -> float:
    """Of the labelled demo tests."""
    normalisation = fit_min_max(fitted, smoothing, CPU)
    error = ReconstructionError.fit(score, DeviceImages(fitted, normalisation, CPU))
    labels = [
        read_truth(open_array(DEMO / "truth.npz", f"{test}_labels"), 1000)
        for test in ("low", "high")
    ]
    with torch.no_grad():
        batches = DeviceImages(tests, normalisation, CPU).batches()
        scores = [model.eval().score(batch, error)[0].numpy() for batch in batches]
    return float(roc_auc_score(np.concatenate(labels), np.concatenate(scores)))


def spread(values: list[float], digits: str) -> str:
    """Their mean and half their range."""
    return f"{np.mean(values):{digits}} ± {np.ptp(values) / 2:{digits}}"


def measure(epochs: int = 4, default_epochs: int = 50, threads: int = 2) -> list[dict[str, Any]]:
    """Rows of the table: time per epoch, and time to the end of the training, with loss and AUC."""
    raw = demo_images("Normal_data.npz", "normal_data")
    parts = [raw.select(np.arange(600, 3000)), raw.select(np.arange(600))]
    raw_tests = SparseImages.join(
        [demo_images(f"Test_data_{t}.npz", "test_data") for t in ("low", "high")]
    )
    started = time.monotonic()
    crop = smallest_crop([raw], STEPS)
    prepared = [preprocess(part, STEPS, crop) for part in [*parts, raw_tests]]
    preparation = time.monotonic() - started
    loop: dict[str, list[float]] = {name: [] for name in ("seconds", "loss", "auc")}
    ours, best = copy.deepcopy(loop), copy.deepcopy(loop)
    for seed in SEEDS:
        seconds, loss, state = in_a_process_of_its_own(by_notebook, parts, epochs, threads, seed)
        network = build(parts[0].shape, COURSE)
        network.load_state_dict(state)
        loop["seconds"] += seconds[1:]
        loop["loss"].append(loss)
        loop["auc"].append(auc(network, parts[0], raw_tests, "mse", 0.0))
        trained = in_a_process_of_its_own(by_oddjet, parts, COURSE, epochs, threads, seed)
        ours["seconds"] += [row["seconds"] for row in trained.history[1:]]
        ours["loss"].append(trained.history[-1]["val_loss"])
        ours["auc"].append(auc(trained.model, parts[0], raw_tests, "mse", 0.0))
        trained = in_a_process_of_its_own(
            by_oddjet, prepared[:2], DEFAULT, default_epochs, 1, seed, SMOOTHING
        )
        best["seconds"].append(sum(row["seconds"] for row in trained.history))
        best["auc"].append(auc(trained.model, prepared[0], prepared[2], SCORE, SMOOTHING))
    theirs, epoch = statistics.median(loop["seconds"]), statistics.median(ours["seconds"])
    whole = statistics.median(best["seconds"])
    torch.set_num_threads(threads)
    reached = f"AUC {spread(loop['auc'], '.3f')}"
    return [
        {
            "what": "CPU, one epoch of the course's network (L), 2,400 jets of 100 x 100",
            "alternative": f"{theirs:.2f} s, Lightning and DataLoader (after {epochs} epochs: "
            f"validation loss {spread(loop['loss'], '.2g')}, {reached})",
            "oddjet": f"{epoch:.2f} s ({spread(ours['loss'], '.2g')}, "
            f"AUC {spread(ours['auc'], '.3f')})",
            "ratio": theirs / epoch,
            "floor": f"{floor(parts, COURSE, threads):.2f} s, its operations in a matrix product",
        },
        {
            "what": f"the default S on one core, {default_epochs} epochs, against {epochs} epochs "
            "of that loop on both",
            "alternative": f"{theirs * epochs:.1f} s ({reached})",
            "oddjet": f"{whole:.1f} s and {preparation:.1f} s of preparation "
            f"(AUC {spread(best['auc'], '.3f')})",
            "ratio": theirs * epochs / (whole + preparation),
            "floor": f"{default_epochs * floor(prepared[:2], DEFAULT, 1):.2f} s, likewise",
        },
    ]
