"""Measure oddjet against the alternatives, in one run, and print the table: `make performance`."""

import argparse
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import counts
import datapath
import features
import overhead
import torch
import training
from tabulate import tabulate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="smaller, to see that it runs")
    short = parser.parse_args().short
    rows = [
        *counts.measure(*((1000, 20) if short else ())),
        *training.measure(*((2, 2) if short else ())),
        *datapath.measure(*((12_000,) if short else ())),
        *features.measure(*((100,) if short else ())),
        *overhead.measure(large=not short),
    ]
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}; ratio: alternative / oddjet\n"
    )
    print(tabulate(rows, headers="keys", tablefmt="github", floatfmt=".2f"))


if __name__ == "__main__":
    main()
