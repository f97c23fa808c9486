"""A PyTorch Lightning loop over dense tensors, as in the course's notebook, and oddjet's training.

The network, the data, the batches, the start of the output and the number of epochs are the same.
Both run in one process with as many threads, in turn, so that a busy machine slows both.
"""

import logging
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from datapath import demo_images
from sklearn.metrics import roc_auc_score
from torch.utils.data import DataLoader, TensorDataset

from oddjet import training
from oddjet.losses import ReconstructionError
from oddjet.models import build
from oddjet.preprocessing import preprocess, smallest_crop
from oddjet.raw import open_array, read_truth
from oddjet.sparse import SparseImages
from oddjet.tensors import CPU, DeviceImages, MinMax, set_up_torch

DEMO = Path(__file__).parents[1] / "resources" / "demo"
COURSE = {"kind": "convolutional", "latent": 32, "dropout": 0.2, "activation": "relu"}
COURSE |= {"downsampling": "stride", "upsampling": "transposed", "output": "sigmoid"}
DEFAULT = {"kind": "dense", "latent": 3, "dropout": 0.0, "hidden": [64, 32]}
DEFAULT |= {"activation": "gelu", "output": "linear"}
STEPS = {"centre": True, "rotate": True, "flip": True, "size": 40, "unit_sum": True}
STEPS |= {"power": 1.0, "log": 0}
SETTINGS = {"batch_size": 64, "learning_rate": 1e-3, "patience": 100, "plateau": None}
SETTINGS |= {
    "augmentation": dict.fromkeys(("rotate", "reflect_eta", "reflect_phi", "shift_phi"), False)
}
SEED = 1


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


def by_notebook(parts: list[SparseImages], epochs: int, threads: int) -> Notebook:
    """Train as the notebook does, on dense float32 tensors scaled by the global maximum."""
    set_up_torch(SEED, threads)
    scale = MinMax.fit(parts[0], 0.0, CPU)
    dense = [scale(torch.from_numpy(part.dense())) for part in parts]
    network = build(parts[0].shape, COURSE)
    # with the notebook's own start its sigmoid collapses to an all-zero image: docs/science.md
    network.start_at(dense[0].mean(0), float(dense[0].square().mean().sqrt()))
    module = Notebook(network)
    loaders = [
        DataLoader(TensorDataset(x), SETTINGS["batch_size"], shuffle=number == 0)
        for number, x in enumerate(dense)
    ]
    trainer = lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, *loaders)
    return module


def by_oddjet(
    parts: list[SparseImages], parameters: dict, epochs: int, threads: int, smoothing: float = 0.0
) -> training.Trained:
    set_up_torch(SEED, threads)
    return training.train(
        *parts, parameters, SETTINGS | {"epochs": epochs}, SEED, CPU, smoothing=smoothing
    )


def auc(trained: training.Trained, fitted: SparseImages, tests: SparseImages, score: Any) -> float:
    """Of the labelled demo tests."""
    model = trained.model.eval()
    error = ReconstructionError.fit(score, DeviceImages(fitted, trained.normalisation, CPU))
    labels = [
        read_truth(open_array(DEMO / "truth.npz", f"{test}_labels"), 1000)
        for test in ("low", "high")
    ]
    with torch.no_grad():
        batches = DeviceImages(tests, trained.normalisation, CPU).batches()
        scores = np.concatenate([model.score(batch, error)[0].numpy() for batch in batches])
    return float(roc_auc_score(np.concatenate(labels), scores))


def measure(epochs: int = 4, default_epochs: int = 50, threads: int = 2) -> list[dict[str, Any]]:
    """Rows of the table: time per epoch, and time to the end of the training, with loss and AUC."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    raw = demo_images("Normal_data.npz", "normal_data")
    parts = [raw.select(np.arange(600, 3000)), raw.select(np.arange(600))]
    raw_tests = SparseImages.join(
        [demo_images(f"Test_data_{t}.npz", "test_data") for t in ("low", "high")]
    )
    notebook = by_notebook(parts, epochs, threads)
    ours = by_oddjet(parts, COURSE, epochs, threads)
    again = by_notebook(parts, epochs, threads)  # in turn: a change of load is seen
    theirs = statistics.median(notebook.seconds[1:] + again.seconds[1:])
    epoch = statistics.median(row["seconds"] for row in ours.history[1:])
    course_auc = auc(ours, parts[0], raw_tests, "mse")
    started = time.monotonic()
    crop = smallest_crop([raw], STEPS)
    prepared = [preprocess(part, STEPS, crop) for part in [*parts, raw_tests]]
    preparation = time.monotonic() - started
    best = by_oddjet(prepared[:2], DEFAULT, default_epochs, threads, smoothing=1.0)
    score = {"hellinger": 0.5, "fourth_root": 0.5}
    best_auc = auc(best, prepared[0], prepared[2], score)
    lost = f"validation loss {notebook.losses[-1]:.3g}"
    reached = f"validation loss {ours.history[-1]['val_loss']:.3g}, AUC {course_auc:.3f}"
    whole = sum(row["seconds"] for row in best.history)
    return [
        {
            "what": "CPU, one epoch of the course's network (L), 2,400 jets of 100 x 100",
            "alternative": f"{theirs:.2f} s, Lightning and DataLoader ({lost})",
            "oddjet": f"{epoch:.2f} s ({reached} after {epochs} epochs)",
            "ratio": theirs / epoch,
        },
        {
            "what": f"the default S, {default_epochs} epochs, against {epochs} epochs of that loop",
            "alternative": f"{theirs * epochs:.1f} s (AUC {course_auc:.3f})",
            "oddjet": f"{whole:.1f} s and {preparation:.1f} s of preparation (AUC {best_auc:.3f})",
            "ratio": theirs * epochs / (whole + preparation),
        },
    ]
