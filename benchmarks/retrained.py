"""Pseudo-experiments in which the weak tagger is trained anew, from the features of a finished run.

`python benchmarks/retrained.py results --fractions 0 0.1 0.4` takes the run's normal jets and the
jets of its tests with truth as background and signal, draws from them without repetition, tags, and
judges the answers as a run does. It prints a row per true fraction: whether p-values are uniform
where there is nothing, and how often an answer is trusted and right. Environment:
OMP_NUM_THREADS=1 keeps each process on its own core.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import h5py
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score
from tabulate import tabulate

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, OVERDISPERSION
from oddjet.estimate import check, discovery, feature_files, trust
from oddjet.estimate.estimators.joint import joint
from oddjet.estimate.overlap import overlap
from oddjet.estimate.tagger import tag

ANCHOR, LEVEL, CONFIDENCE = 0.5, 0.01, 0.68  # as in config/config.yaml
POOLS: dict[str, np.ndarray] = {}


def read_pools(results: Path) -> None:
    """The features of all background and of all anomalous jets of a run."""
    prepared = results / "prepared"
    normal = prepared / "shared" / "normal.h5"
    names = feature_files.names_of(normal, ())
    background, signal = [feature_files.read(normal, names)], []
    for file in sorted((prepared / "truth").glob("*.h5")):
        with h5py.File(file) as truth:
            labels = truth["label"][:]
        jets = feature_files.read(prepared / "shared" / "tests" / file.name, names)
        background.append(jets[labels == 0])
        signal.append(jets[labels == 1])
    POOLS.update(background=np.concatenate(background), signal=np.concatenate(signal))


def experiment(seed: int, fraction: float, events: int, normal: int) -> dict[str, Any]:
    """Draw a test and two parts of the normal sample, train a tagger, and judge its answer."""
    rng = np.random.default_rng(seed)
    anomalous = rng.binomial(events, fraction)
    jets = rng.permutation(POOLS["background"])[: 2 * normal + events - anomalous]
    signal = rng.permutation(POOLS["signal"])[:anomalous]
    training, control, rest = np.split(jets, [normal, 2 * normal])
    test = np.concatenate([rest, signal])
    scores = tag(training, {CONTROL: control}, {"test": test}, seed=1)
    leak = overlap(scores[CONTROL], [scores["test"]], ANCHOR)
    (value,), covariance = joint(scores[CONTROL], [scores["test"]], ANCHOR)
    (found,) = discovery.tabulate(scores, leak, OVERDISPERSION)
    features = {CONTROL: control, "test": test}
    checked = check.check(check.Sample(scores, features, ANCHOR, CONFIDENCE), LEVEL)
    labels = np.repeat([0, 1], [len(rest), len(signal)])
    return {
        "fraction": fraction,
        "auc": roc_auc_score(labels, scores["test"]) if 0 < anomalous < events else np.nan,
        "value": value,
        "down": np.sqrt(covariance[0, 0]),
        "up": np.hypot(np.sqrt(covariance[0, 0]), leak.allowance(value)),
        "p_background": found["p_background"],
        "trusted": trust.tell(found["significance"], leak.least)
        and all(row["passed"] for row in checked),
    }


def _experiment(given: tuple[int, float, int, int]) -> dict[str, Any]:
    return experiment(*given)


def summed_up(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A row per true fraction."""
    for fraction, here in table.groupby("fraction"):
        above = fraction - here.value
        sigma = np.where(above > 0, here.up, here.down)
        kept = here.trusted
        yield {
            "fraction": fraction,
            "experiments": len(here),
            "auc": here.auc.mean(),
            "bias": here.value.mean() - fraction,
            "spread": here.value.std(),
            "stated": here.down.mean(),
            "trusted": kept.mean(),
            "coverage": (np.abs(above) <= sigmas(CONFIDENCE) * sigma)[kept].mean(),
            "off": (np.abs(above) > 3 * sigma)[kept].mean(),
            "limit_95": (here.value + sigmas(0.9) * here.up >= fraction).mean(),
            "p_below_0.05": (here.p_background < 0.05).mean(),
            "uniform": stats.kstest(here.p_background, "uniform").pvalue if not fraction else None,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the folder of a finished run with truth")
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.0, 0.1, 0.4])
    parser.add_argument("--experiments", type=int, default=100)
    parser.add_argument("--events", type=int, default=1000, help="jets of the test")
    parser.add_argument("--normal", type=int, default=3000, help="jets of each part")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    given = parser.parse_args()
    read_pools(given.results)
    needed = 2 * given.normal + given.events
    if needed > len(POOLS["background"]):
        parser.error(f"{needed} background jets are needed, {len(POOLS['background'])} are there")
    jobs = [
        (seed, fraction, given.events, given.normal)
        for fraction in given.fractions
        for seed in range(given.experiments)
    ]
    with multiprocessing.get_context("fork").Pool(given.processes) as pool:
        table = pd.DataFrame(pool.imap_unordered(_experiment, jobs))
    print(tabulate(list(summed_up(table)), headers="keys", tablefmt="github", floatfmt=".3f"))


if __name__ == "__main__":
    main()
