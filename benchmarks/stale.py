"""How many changes of raw files are seen, in all formats: `python benchmarks/stale.py [MB]`.

One bit anywhere in a file of so many MB, its times put back; another file in its place by `cp -p`;
a link that points elsewhere; a changed file that an HDF5 file refers to. Each 100 times.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
import uproot
from tabulate import tabulate

from oddjet.planning import contents as module

TIMES = 100
SIDE = 100  # pixels


def write_h5(file: Path, images: np.ndarray) -> None:
    with h5py.File(file, "w") as opened:
        opened["x"] = images


def write_parquet(file: Path, images: np.ndarray) -> None:
    flat = pyarrow.FixedSizeListArray.from_arrays(images.ravel(), SIDE * SIDE)
    table = pyarrow.table({"x": flat})
    # which are as long for other images
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pyarrow.parquet.write_table(table, file, **plain)


def write_root(file: Path, images: np.ndarray) -> None:
    with uproot.recreate(file, compression=None) as opened:
        opened["tree"] = {"x": images}


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "npy": np.save,
    "npz": lambda file, images: np.savez(file, x=images),
    "h5": write_h5,
    "parquet": write_parquet,
    "root": write_root,
}


def images(megabytes: float, seed: int) -> np.ndarray:
    jets = max(1, round(megabytes * 1e6 / 4 / SIDE**2))
    return np.random.default_rng(seed).random((jets, SIDE, SIDE), np.float32)


def flip(file: Path, place: int) -> None:
    """Change one bit, and put the times back."""
    stat = file.stat()
    with open(file, "r+b") as stream:
        stream.seek(place)
        byte = stream.read(1)[0]
        stream.seek(place)
        stream.write(bytes([byte ^ 1 << place % 8]))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file.stat().st_mtime_ns == stat.st_mtime_ns


def seen(file: Path, change: Callable[[int], object]) -> int:
    """How many changes give the file other contents than it had before."""
    found, before = 0, module.contents(file)
    for number in range(TIMES):
        change(number)
        time.sleep(0.01)  # another tick of the file system's clock
        after = module.contents(file)
        found, before = found + (after != before), after
        assert module.contents(file) == after  # what is kept
    return found


def of_format(suffix: str, megabytes: float) -> dict[str, object]:
    write, where = WRITERS[suffix], random.Random(suffix)
    large, file, link = (Path(f"{name}.{suffix}") for name in ("large", "file", "link"))
    write(large, images(megabytes, 0))
    size = large.stat().st_size
    bits = seen(large, lambda number: flip(large, where.randrange(size)))
    large.unlink()
    versions = [Path(f"version{number}.{suffix}") for number in range(2)]
    for seed, version in enumerate(versions):
        write(version, images(1, seed))
        os.utime(version, (10**9, 10**9))
    assert versions[0].stat().st_size == versions[1].stat().st_size

    def copied(number: int) -> None:
        subprocess.run(["cp", "-p", versions[number % 2], file], check=True)

    def linked(number: int) -> None:
        link.unlink()
        link.symlink_to(versions[number % 2])

    copied(1)
    link.symlink_to(versions[1])
    return {
        "format": f".{suffix}",
        "MB": size / 1e6,
        "one bit": bits,
        "cp -p": seen(file, copied),
        "link": seen(link, linked),
    }


def referring(kind: str) -> int:
    """Of an HDF5 file that refers to another one, in which a bit changes."""
    source, file = Path(f"{kind}_source.h5"), Path(f"{kind}.h5")
    given = images(1, 0)
    if kind == "storage":
        given.tofile(source)
    else:
        write_h5(source, given)
    with h5py.File(file, "w") as opened:
        if kind == "virtual":
            layout = h5py.VirtualLayout(given.shape, given.dtype)
            layout[:] = h5py.VirtualSource(str(source), "x", given.shape)
            opened.create_virtual_dataset("x", layout)
        elif kind == "link":
            opened["x"] = h5py.ExternalLink(str(source), "x")
        else:
            storage = [(str(source), 0, given.nbytes)]
            opened.create_dataset("x", given.shape, given.dtype, external=storage)
    where, size = random.Random(kind), source.stat().st_size
    return seen(file, lambda number: flip(source, where.randrange(size)))


def main() -> None:
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 200
    module.SETTLED = -(10**18)  # keep each checksum at once, so that every change has one to beat
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        Path(".snakemake").mkdir()
        rows = [of_format(suffix, megabytes) for suffix in WRITERS]
        print(tabulate(rows, headers="keys", tablefmt="github"))
        for kind in ("virtual", "link", "storage"):
            print(f"HDF5, {kind}: {referring(kind)} of {TIMES}")


if __name__ == "__main__":
    main()
