"""What is done, running and missing."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

LOCKS = Path(".snakemake/locks")  # a file in it for as long as a run works in this folder


@dataclass(frozen=True)
class Job:
    """A job as it stands: `done`, `running` or `missing`."""

    rule: str
    name: str
    state: str
    seconds: float | None  # of its last run, where it has a benchmark
    said: str  # the last line of its log


def look_at(job: Mapping[str, Any], locks: Path = LOCKS) -> Job:
    """See how a job stands, given its `rule`, `wildcards`, `outputs`, `log` and `benchmark`.

    It is done when all its outputs are there, which Snakemake deletes before it runs the job again;
    it is running when it has written to its log since the run that works here began.
    """
    log = Path(job["log"])
    started = min((lock.stat().st_mtime for lock in locks.glob("*")), default=None)
    if all(Path(output).exists() for output in job["outputs"]):
        state = "done"
    elif started is not None and log.is_file() and log.stat().st_mtime >= started:
        state = "running"
    else:
        state = "missing"
    lines = log.read_text("utf-8", errors="replace").splitlines() if log.is_file() else []
    name = " ".join([job["rule"], *map(str, job["wildcards"].values())])
    return Job(job["rule"], name, state, _seconds(job["benchmark"]), lines[-1] if lines else "")


def _seconds(benchmark: str | None) -> float | None:
    if benchmark is None or not Path(benchmark).is_file():
        return None
    with open(benchmark, newline="") as file:
        row = next(csv.DictReader(file, delimiter="\t"), None)
    return float(row["s"]) if row else None


def by_rule(jobs: Iterable[Job]) -> pd.DataFrame:
    """A row per rule, and one for all of them.

    Returns:
        `rule, done, running, missing`, and the mean `seconds` of a job, NaN where none is measured.
    """
    table = pd.DataFrame(jobs)
    counts = pd.crosstab(table.rule, table.state).reindex(
        index=table.rule.unique(), columns=["done", "running", "missing"], fill_value=0
    )
    counts["seconds"] = table.groupby("rule").seconds.mean().astype(float)
    counts.loc["all"] = [*counts[["done", "running", "missing"]].sum(), table.seconds.sum()]
    whole = {name: int for name in ("done", "running", "missing")}
    return counts.astype(whole).reset_index(names="rule")
