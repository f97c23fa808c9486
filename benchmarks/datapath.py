"""The data path: how small images are stored, how fast they are read, and 1.2 million of them.

The jets of the large samples are those of the demo input, shifted by whole pixels and rescaled.
"""

import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import yaml

from oddjet.prepare.images import Images
from oddjet.prepare.preprocessing import preprocess, smallest_crop
from oddjet.prepare.sparse import SparseFile, SparseImages
from oddjet.train.device_images import DeviceImages
from oddjet.train.normalisation import MinMax
from oddjet.train.torch_setup import CPU

REPOSITORY = Path(__file__).parents[1]
DEMO = REPOSITORY / "resources" / "demo"
STEPS = {"centre": True, "rotate": True, "flip": True, "size": 40, "unit_sum": True}
STEPS |= {"power": 1.0, "log": 0}
SHIFT = 2  # pixels at most
STAGES = {  # in order, with what each makes
    "prepare the normal sample": ["prepared/shared/normal.h5"],
    "prepare the tests": [f"prepared/shared/tests/{test}.h5" for test in ("low", "high")],
    "train on a tenth of the normal jets, 2 epochs": ["S/seed1/model.pt"],
    "score": ["S/seed1/scores.h5"],
    "estimate fractions": ["S/fractions.csv"],
    "find clusters": ["S/seed1/clusters.h5"],
}
GIB = 2**30
WATCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def demo_images(file: str, key: str) -> SparseImages:
    """The images of a file of the demo input."""
    settings = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text("utf-8"))["images"]
    raw = Images({"file": DEMO / file, "key": key}, settings)
    return SparseImages.join([piece.images for piece in raw.pieces()])


def jittered(images: np.ndarray, jets: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield `jets` images (n, H, W), a thousand at a time."""
    for start in range(0, jets, 1000):
        some = images[rng.integers(len(images), size=min(1000, jets - start))]
        shift = rng.integers(-SHIFT, SHIFT + 1, size=2)
        scale = rng.uniform(0.9, 1.1, size=(len(some), 1, 1)).astype(np.float32)
        yield np.roll(some, shift, axis=(1, 2)) * scale


SAMPLES = {  # file and key of the demo input, and the share of the jets
    "normal": ("Normal_data.npz", "normal_data", 2 / 3),
    "low": ("Test_data_low.npz", "test_data", 1 / 6),
    "high": ("Test_data_high.npz", "test_data", 1 / 6),
}


def write_jets(path: Path, raw: np.ndarray, events: int, rng: np.random.Generator) -> None:
    """Write so many jets, moved copies of raw images (n, H, W), as compressed HDF5 `images`."""
    with h5py.File(path, "w") as target:
        store = target.create_dataset(
            "images",
            (events, *raw.shape[1:]),
            np.float32,
            chunks=(100, *raw.shape[1:]),
            compression="gzip",
            compression_opts=1,
        )
        done = 0
        for piece in jittered(raw, events, rng):
            store[done : done + len(piece)] = piece
            done += len(piece)


def write_large(place: Path, jets: int) -> dict[str, Any]:
    """Write two thirds of the jets as a normal sample, the rest as two tests; their `samples`."""
    rng = np.random.default_rng(0)
    for name, (file, key, share) in SAMPLES.items():
        raw = demo_images(file, key).dense()[:, 0]
        write_jets(place / f"{name}.h5", raw, round(jets * share), rng)
    tests = {name: {"file": str(place / f"{name}.h5")} for name in ("low", "high")}
    return {"normal": {"file": str(place / "normal.h5")}, "tests": tests}


def used(command: list[str], place: Path) -> tuple[float, float]:
    """CPU seconds of a command with all that it starts, and the largest memory of one process.

    CPU time, because other load on the machine moves it little. From a small process, because one
    begins with the memory of that which starts it.
    """
    watch = [sys.executable, "-c", WATCH, *command]
    done = subprocess.run(watch, cwd=place, capture_output=True, text=True, check=True)
    seconds, kibibytes = done.stdout.split()[-2:]
    return float(seconds), float(kibibytes) * 1024 / GIB


def through_the_workflow(jets: int) -> pd.DataFrame:
    """CPU seconds (with the start of Snakemake) and largest resident memory (GiB) of each stage."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        config = {
            "samples": write_large(place, jets),
            "models": {"S": {"latent": 3}},
            "seeds": [1],
            # trainings keep their images in memory: most jets are scored, not trained on
            "split": {"control": 0.9},
            "training": {"epochs": 2},
        }
        (place / "config.yaml").write_text(yaml.safe_dump(config))
        command = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile")]
        command += ["--cores", "2", "--quiet", "all", "--configfile", "config.yaml", "--"]
        found = {
            stage: used([*command, *(f"results/{target}" for target in targets)], place)
            for stage, targets in STAGES.items()
        }
    return pd.DataFrame(found, index=["cpu", "memory"]).T


def stored_and_read() -> list[dict[str, Any]]:
    """Rows on the demo's normal sample: stored size, and reading against what a training takes."""
    images = demo_images("Normal_data.npz", "normal_data")
    prepared = preprocess(images, STEPS, smallest_crop([images], STEPS))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "images.h5")
        sizes = []
        for some in (images, prepared):
            with h5py.File(path, "w") as file:
                SparseFile.create(file, some.shape).append(some)
            sizes.append(path.stat().st_size)
        dense = len(images) * int(np.prod(images.shape)) * 4
        raw_share, prepared_share = (size / dense for size in sizes)
        rows.append(
            {
                "what": f"stored size of {len(images):,} jets of 100 x 100 pixels, smoothed",
                "alternative": f"{dense / 2**20:.0f} MiB, dense float32",
                "oddjet": f"{raw_share:.1%} of it as they are, {prepared_share:.1%} prepared",
                "ratio": 1 / prepared_share,
            }
        )
        times = []
        for _ in range(5):
            started = time.monotonic()
            with h5py.File(path) as file:
                for _ in SparseFile(file).pieces(np.arange(len(images))):
                    pass
            times.append(time.monotonic() - started)
        reading = len(images) / statistics.median(times)
    # as HDF5 does it: the first bytes of all numbers, then the second ones, then gzip
    numbers = (prepared.pixels, prepared.values)  # noqa: PD011
    packed = [
        zlib.compress(one.view(np.uint8).reshape(len(one), -1).T.tobytes(), 4) for one in numbers
    ]
    times = []
    for _ in range(5):
        started = time.monotonic()
        for array in packed:
            zlib.decompress(array)
        times.append(time.monotonic() - started)
    inflated = len(images) / statistics.median(times)
    started = time.monotonic()
    for _ in DeviceImages(prepared, MinMax.none(1, 1.0), CPU).batches():
        pass
    dense_rate = len(images) / (time.monotonic() - started)
    rows.append(
        {
            "what": "jets a second: reading prepared ones, against making them dense and smooth",
            "alternative": f"{dense_rate:,.0f}, dense and smoothed in memory, as a training does",
            "oddjet": f"{reading:,.0f}, from the file",
            "ratio": reading / dense_rate,
            "floor": f"{inflated:,.0f}, inflating the same numbers",
        }
    )
    return rows


def measure(jets: int = 1_200_000) -> list[dict[str, Any]]:
    """Rows of the table: stored size, reading, and `jets` against a tenth of them."""
    few, many = (through_the_workflow(number) for number in (jets // 10, jets))
    rows = stored_and_read()
    for stage in STAGES:
        rows.append(
            {
                "what": f"{stage}, {jets:,} jets on 2 cores",
                "alternative": f"10 times {few.cpu[stage]:.1f} s of CPU time, {jets // 10:,} jets",
                "oddjet": f"{many.cpu[stage]:.1f} s, {many.memory[stage]:.2f} GiB",
                "ratio": 10 * few.cpu[stage] / many.cpu[stage],
            }
        )
    return rows
