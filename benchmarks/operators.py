"""What a training step of the course's network takes, by operator.

On a batch as dark as jet images are: `python benchmarks/operators.py --threads 2`
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from networks import COURSE

from oddjet.train.build import build
from oddjet.train.reconstruction_error import ReconstructionError, moments
from oddjet.train.torch_setup import CPU, moved, set_up_torch

JETS, SIDE, LIT = 64, 100, 0.03  # of a batch; pixels a side, and the share of them that are lit
STEPS = 20


class Batch:
    """One batch of images, as often as it is asked for."""

    def __init__(self, images: torch.Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def batches(self) -> list[torch.Tensor]:
        return [self.images]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    set_up_torch(1, parser.parse_args().threads)
    shape = (JETS, 1, SIDE, SIDE)
    images = torch.rand(shape) * (torch.rand(shape) < LIT)
    batch = Batch(images)
    error = ReconstructionError.fit("mse", batch)
    model = moved(build(shape[1:], COURSE), CPU)
    model.start_at(moments(batch)[0], error.rms)
    model.train()
    optimisers = model.optimisers(1e-3)
    taken = []
    for _ in range(STEPS):
        started = time.monotonic()
        model.step(images, error, optimisers)
        taken.append(time.monotonic() - started)
    print(f"{1000 * statistics.median(taken):.0f} ms a step, median of {STEPS}")
    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(STEPS):
            model.step(images, error, optimisers)
    operators = found.key_averages()
    whole = sum(one.self_cpu_time_total for one in operators)
    for one in sorted(operators, key=lambda one: -one.self_cpu_time_total)[:12]:
        each = one.self_cpu_time_total / 1000 / STEPS
        print(f"{one.key:40} {each:6.1f} ms {one.self_cpu_time_total / whole:6.1%}")


if __name__ == "__main__":
    main()
