"""A sample of many files read in pieces, on one core and then on two.

One after the other: together they would ask for three cores. Jets are those of `datapath`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import numpy as np
import pandas as pd
import yaml
from datapath import GIB, REPOSITORY, SAMPLES, demo_images, write_jets

TARGETS = ["normal.h5", "tests/low.h5", "tests/high.h5"]
# from a small process, because one begins with the memory of that which starts it
WATCH = """
import json, resource, subprocess, sys, time
started = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def write_files(place: Path, jets: int, files: int) -> dict[str, str]:
    """Write the samples in so many files altogether; the pattern of each."""
    patterns = {}
    for name, (file, key, share) in SAMPLES.items():
        raw = demo_images(file, key).dense()[:, 0]
        several = round(files * share)
        for number in range(several):
            rng = np.random.default_rng([number, len(name)])
            events = round(jets * share / several)
            write_jets(place / f"{name}_{number:02}.h5", raw, events, rng)
        patterns[name] = str(place / f"{name}_*.h5")
    return patterns


def prepare(place: Path, cores: int) -> subprocess.CompletedProcess[str]:
    """Prepare all samples on so many cores, in a folder of its own."""
    run = place / f"on_{cores}"
    run.mkdir()
    command = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile")]
    command += ["--cores", str(cores), "--quiet", "all", "--configfile", str(place / "config.yaml")]
    command += ["--", *(f"results/prepared/shared/{target}" for target in TARGETS)]
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    watch = [sys.executable, "-c", WATCH, *command]
    return subprocess.run(
        watch, cwd=run, env=os.environ | one_thread, capture_output=True, text=True
    )


def by_rule(run: Path) -> pd.DataFrame:
    """Of the jobs of a run, by rule: how many, their mean seconds, the largest memory in MB."""
    files = sorted((run / "results" / "benchmarks").glob("*/*.tsv"))
    found = pd.concat([pd.read_csv(file, sep="\t") for file in files])
    found["rule"] = [file.parent.name for file in files]
    return found.groupby("rule").agg(
        jobs=("s", "size"), seconds=("s", "mean"), memory=("max_rss", "max")
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jets", type=int, default=1_200_000)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        patterns = write_files(place, given.jets, given.files)
        samples = {name: {"file": file, "pieces": "files"} for name, file in patterns.items()}
        config = {"samples": {"normal": samples.pop("normal"), "tests": samples}}
        (place / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
        for cores in given.cores:
            run = prepare(place, cores)
            if run.returncode:
                sys.exit(run.stderr)
            wall, cpu, kibibytes = json.loads(run.stdout)
            memory = kibibytes * 1024 / GIB
            print(f"{given.jets:,} jets in {given.files} files, {cores} cores: ", end="")
            print(f"{wall:.0f} s, {cpu:.0f} s of CPU time, {memory:.2f} GiB at most in a job")
            print(by_rule(place / f"on_{cores}").round(1).to_string())


if __name__ == "__main__":
    main()
