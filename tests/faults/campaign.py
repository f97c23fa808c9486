"""Faults by their seeds, and what came of them."""

import argparse
import csv
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import WholeRun, run_whole

from faults.kinds import KINDS, OF_TRAININGS, Kind
from faults.scene import CannotStrike, Missed, Scene, Tools
from faults.undisturbed import Job, Undisturbed

TO_THE_END = 0.05  # of the faults; the others end with the struck job and one that reads it


@dataclass(frozen=True)
class Outcome:
    """What came of a fault: `same`, `missed`, `impossible` here, or `wrong`."""

    seed: int
    kind: str
    job: Job
    result: str
    said: str
    seconds: float

    def __str__(self) -> str:
        said = f": {self.said}" if self.said else ""
        return f"{self.seed} {self.kind}, {self.job}: {self.result}{said} ({self.seconds:.0f} s)"


def drawn(seed: int, undisturbed: Undisturbed) -> tuple[str, Kind, Job, random.Random]:
    """What a seed stands for: seeds in a row go through all rules, each rule through all kinds."""
    chance = random.Random(seed)
    rules = undisturbed.rules
    rule = rules[seed % len(rules)]
    job = chance.choice(undisturbed.of_rule(rule))
    kinds = KINDS
    if rule == "train" and chance.random() < 0.3:
        kinds = OF_TRAININGS
    name = list(kinds)[(seed + seed // len(rules)) % len(kinds)]
    return name, kinds[name], job, chance


def strike(seed: int, tools: Tools) -> Outcome:
    """Bring about the fault of a seed, and give the verdict."""
    name, kind, job, chance = drawn(seed, tools.undisturbed)
    began = time.monotonic()
    scene = Scene(tools, job, chance, whole=chance.random() < TO_THE_END)
    result, said = "same", ""
    try:
        if wrong := kind(scene):
            result, said = "wrong", "\n  ".join(wrong)
    except Missed:
        result = "missed"
    except CannotStrike as error:
        result, said = "impossible", str(error)
    finally:
        for call in scene.calls:
            call.end()
    return Outcome(seed, name, job, result, said, time.monotonic() - began)


@contextmanager
def tools_for(run: WholeRun, place: Path) -> Iterator[Tools]:
    tools = Tools(Undisturbed(run), place)
    try:
        yield tools
    finally:
        tools.starter.close()


def main() -> None:
    """Command line: `python -m tests.faults SEED`, or `--count N`."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", help="the one fault to strike")
    parser.add_argument("--count", type=int, default=1, help="how many, from the first seed on")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--table", type=Path, help="a CSV file for the outcomes, a row each")
    parser.add_argument("--place", type=Path, help="a folder for the runs; kept, with the first")
    given = parser.parse_args()
    seeds = (
        [given.seed] if given.seed is not None else range(given.start, given.start + given.count)
    )
    with tempfile.TemporaryDirectory() as temporary:
        place = given.place or Path(temporary)
        whole = place / "undisturbed"
        if not whole.exists():
            print("the run that nothing disturbs ...", flush=True)
            run_whole(whole)
        if not (whole / "done").exists():
            sys.exit((whole / "output.txt").read_text("utf-8")[-3000:])
        with tools_for(WholeRun(whole / "run", whole / "code"), place / "struck") as tools:
            outcomes = []
            for seed in seeds:
                outcomes.append(strike(seed, tools))
                print(outcomes[-1], flush=True)
                if given.table:
                    _append(outcomes[-1], given.table)
    print(counts(outcomes))
    sys.exit(any(outcome.result == "wrong" for outcome in outcomes))


def _append(outcome: Outcome, table: Path) -> None:
    with table.open("a", newline="", encoding="utf-8") as file:
        row = [outcome.seed, outcome.kind, outcome.job.rule, str(outcome.job), outcome.result]
        csv.writer(file, lineterminator="\n").writerow([*row, round(outcome.seconds, 1)])


def counts(outcomes: list[Outcome]) -> str:
    """How many faults of each kind and rule ended how, as a table of text."""
    results = ["same", "wrong", "missed", "impossible"]
    lines = []
    for title, of in (("kind", lambda one: one.kind), ("rule", lambda one: one.job.rule)):
        names = dict.fromkeys(map(of, outcomes))
        lines.append(f"{title:<34}" + "".join(f"{result:>12}" for result in results))
        for name in names:
            found = Counter(one.result for one in outcomes if of(one) == name)
            lines.append(f"{name:<34}" + "".join(f"{found[result]:>12}" for result in results))
    found = Counter(one.result for one in outcomes)
    lines.append(f"{'all':<34}" + "".join(f"{found[result]:>12}" for result in results))
    return "\n".join(lines)
