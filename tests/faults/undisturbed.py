"""A whole run that nothing disturbed: what each of its jobs read and made, the state before it."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from comparison import APART, TIMED, content
from conftest import WholeRun

RECORD = "results/provenance.json"
# what these wait for as long as nothing is made: `checked_before` in functions.smk
CHECKED = "results/tables/samples.csv"
WAITING = {
    *("train", "train_tagger", "score_baselines", "supervise", "supervise_trees"),
    "draw_samples",
}


@dataclass(frozen=True)
class Job:
    rule: str
    wildcards: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join([self.rule, *(value for _, value in self.wildcards)])


class Undisturbed:
    """The whole run, its jobs in order, and what is compared with it."""

    def __init__(self, run: WholeRun) -> None:
        self.run = run
        record = json.loads((run.directory / RECORD).read_text("utf-8"))
        self.raw = sorted(record["raw"])
        outputs: dict[tuple, list[str]] = {}
        for file, facts in record["files"].items():
            key = (facts["rule"], tuple(facts["wildcards"].items()), tuple(facts["inputs"]))
            outputs.setdefault(key, []).append(file)
        jobs = []
        for (rule, wildcards, inputs), made in outputs.items():
            waited = (CHECKED,) if rule in WAITING else ()
            jobs.append(Job(rule, wildcards, (*inputs, *waited), tuple(made)))
        everything = tuple(record["files"])
        self.jobs = [*jobs, Job("record_provenance", (), everything, (RECORD,))]
        self.rules = list(dict.fromkeys(job.rule for job in self.jobs))
        self._contents: dict[str, object] = {}

    def of_rule(self, rule: str) -> list[Job]:
        return [job for job in self.jobs if job.rule == rule]

    def after(self, job: Job) -> list[Job]:
        """The jobs that need anything that this one makes, directly or not."""
        made, found = set(job.outputs), []
        while True:
            more = [
                other
                for other in self.jobs
                if other is not job and other not in found and made & set(other.inputs)
            ]
            if not more:
                return found
            found += more
            made |= {output for other in more for output in other.outputs}

    def next_to(self, job: Job) -> list[Job]:
        """The jobs that read what this one makes, and nothing that others make of it."""
        later = self.after(job)
        made_later = {output for other in later for output in other.outputs}
        return [
            other
            for other in later
            if set(job.outputs) & set(other.inputs) and not made_later & set(other.inputs)
        ]

    def copy(self, directory: Path, without: Iterable[Job] = ()) -> None:
        """The folder as the run left it, without what some jobs have made."""
        shutil.copytree(self.run.directory, directory, symlinks=True)
        for job in without:
            for output in job.outputs:
                (directory / output).unlink()

    def results(self) -> set[str]:
        """All files of the run that are compared."""
        return {output for job in self.jobs for output in job.outputs}

    def same(self, file: str, other: Path) -> bool:
        """Whether a file holds what that of this run holds."""
        own = self.run.directory / file
        if own.read_bytes() == other.read_bytes():
            return True
        if not file.endswith(TIMED) and file != RECORD:  # nothing in it may differ
            return False
        if file not in self._contents:
            self._contents[file] = content(own)
        return self._contents[file] == content(other)

    def differences(self, directory: Path, expected: set[str]) -> list[str]:
        """A line for each file in `directory`/results that is not as in this run."""
        results = directory / "results"
        found = {
            str(path.relative_to(directory))
            for path in results.rglob("*")
            if path.is_file() and path.relative_to(results).parts[0] not in APART
        }
        return [
            *(f"missing: {file}" for file in sorted(expected - found)),
            *(f"left over: {file}" for file in sorted(found - expected)),
            *(
                f"differs: {file}"
                for file in sorted(found & expected)
                if not self.same(file, directory / file)
            ),
        ]
