"""On a GPU: the course's loop and oddjet's training in turn, and the memory that it takes.

`python benchmarks/gpu.py` prints the rows where there is a card; it needs PyTorch and Lightning.
"""

import statistics
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import torch
from datapath import STEPS, demo_images
from networks import COURSE, DEFAULT
from tabulate import tabulate
from training import SMOOTHING, by_notebook, by_oddjet, floor

from oddjet.prepare.preprocessing import preprocess, smallest_crop

CUDA = torch.device("cuda", 0)


def measure(epochs: int = 6) -> list[dict[str, Any]]:
    """Rows of the table."""
    raw = demo_images("Normal_data.npz", "normal_data")
    parts = [raw.select(np.arange(600, 3000)), raw.select(np.arange(600))]
    crop = smallest_crop([raw], STEPS)
    prepared = [preprocess(part, STEPS, crop) for part in parts]
    rows = []
    for name, images, parameters, smoothing in (
        ("the course's network (L), 100 x 100", parts, COURSE, 0.0),
        ("the default S, 40 x 40", prepared, DEFAULT, SMOOTHING),
    ):
        theirs = None
        if parameters is COURSE:
            theirs = statistics.median(by_notebook(images, epochs, 1, 1, "gpu")[0][1:])
        torch.cuda.reset_peak_memory_stats()
        ours = by_oddjet(images, parameters, epochs, 1, 1, smoothing, CUDA)
        epoch = statistics.median(row["seconds"] for row in ours.history[1:])
        rows.append(
            {
                "what": f"one epoch of {name}, 2,400 jets",
                "alternative": f"{theirs:.3f} s, Lightning" if theirs else "",
                "oddjet": f"{epoch:.3f} s, {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB",
                "ratio": theirs / epoch if theirs else None,
                "floor": f"{floor(images, parameters, 1, CUDA):.5f} s",
            }
        )
    return rows


if __name__ == "__main__":
    print(torch.cuda.get_device_name(CUDA), "PyTorch", torch.__version__)
    print(tabulate(measure(), headers="keys", tablefmt="github", floatfmt=".2f"))
