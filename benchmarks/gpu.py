"""On a GPU: the course's loop and oddjet's training in turn, seeds that share a card, memory.

`python benchmarks/gpu.py` prints the rows where there is a card; it needs PyTorch and Lightning.
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import torch
from datapath import STEPS, demo_images
from tabulate import tabulate
from torch.utils.flop_counter import FlopCounterMode
from training import COURSE, DEFAULT, SETTINGS, SMOOTHING, by_notebook, by_oddjet

from oddjet.prepare.preprocessing import preprocess, smallest_crop
from oddjet.prepare.sparse import SparseImages
from oddjet.train.build import build

CUDA = torch.device("cuda", 0)
MATRIX = 4096
TOGETHER = (1, 2, 4, 8)  # seeds at once on one card


def floor(parts: Sequence[SparseImages], parameters: dict[str, Any]) -> float:
    """Seconds of an epoch if each operation were part of a large matrix product on the card."""
    model = build(parts[0].shape, parameters)
    some = torch.rand(SETTINGS["batch_size"], *parts[0].shape)
    with FlopCounterMode(display=False) as forwards:
        model(some)
    with FlopCounterMode(display=False) as both:
        model(some).sum().backward()
    learning, judging = both.get_total_flops(), forwards.get_total_flops()
    operations = (len(parts[0]) * learning + len(parts[1]) * judging) / len(some)
    matrix = torch.rand(MATRIX, MATRIX, device=CUDA)
    times = []
    for _ in range(10):
        torch.cuda.synchronize()
        started = time.monotonic()
        matrix @ matrix
        torch.cuda.synchronize()
        times.append(time.monotonic() - started)
    return operations / (2 * MATRIX**3 / min(times))


def one_seed(
    parts: list[SparseImages], parameters: dict[str, Any], epochs: int, seed: int, ready: Any
) -> None:
    """Train one seed, when all that share the card have started."""
    torch.zeros(1, device=CUDA)
    ready.wait()
    by_oddjet(parts, parameters, epochs, 1, seed, SMOOTHING, CUDA)


def together(
    parts: list[SparseImages], parameters: dict[str, Any], epochs: int, seeds: int
) -> float:
    """Seconds that so many trainings take side by side on one card."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(seeds + 1)
    jobs = [
        context.Process(target=one_seed, args=(parts, parameters, epochs, seed, ready))
        for seed in range(seeds)
    ]
    for job in jobs:
        job.start()
    ready.wait()
    started = time.monotonic()
    for job in jobs:
        job.join()
    return time.monotonic() - started


def measure(epochs: int = 6) -> list[dict[str, Any]]:
    """Rows of the table."""
    raw = demo_images("Normal_data.npz", "normal_data")
    parts = [raw.select(np.arange(600, 3000)), raw.select(np.arange(600))]
    crop = smallest_crop([raw], STEPS)
    prepared = [preprocess(part, STEPS, crop) for part in parts]
    rows = []
    for name, images, parameters in (
        ("the course's network (L), 100 x 100", parts, COURSE),
        ("the default S, 40 x 40", prepared, DEFAULT),
    ):
        seconds, *_ = by_notebook(images, epochs, 1, 1, "gpu") if parameters is COURSE else ([],)
        torch.cuda.reset_peak_memory_stats()
        smoothing = SMOOTHING if parameters is DEFAULT else 0.0
        ours = by_oddjet(images, parameters, epochs, 1, 1, smoothing, CUDA)
        epoch = statistics.median(row["seconds"] for row in ours.history[1:])
        theirs = statistics.median(seconds[1:]) if seconds else None
        rows.append(
            {
                "what": f"one epoch of {name}, 2,400 jets",
                "alternative": f"{theirs:.3f} s, Lightning" if theirs else "",
                "oddjet": f"{epoch:.3f} s, {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB",
                "ratio": theirs / epoch if theirs else None,
                "floor": f"{floor(images, parameters):.4f} s",
            }
        )
    alone = None
    for seeds in TOGETHER:
        took = together(prepared, DEFAULT, 10 * epochs, seeds)
        alone = alone or took
        rows.append(
            {
                "what": f"{seeds} seeds of S at once on the card, {10 * epochs} epochs",
                "alternative": f"{seeds * alone:.1f} s, one after another",
                "oddjet": f"{took:.1f} s",
                "ratio": seeds * alone / took,
            }
        )
    return rows


if __name__ == "__main__":
    print(torch.cuda.get_device_name(CUDA), "PyTorch", torch.__version__)
    print(tabulate(measure(), headers="keys", tablefmt="github", floatfmt=".2f"))
