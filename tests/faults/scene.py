"""Where a fault strikes: a folder in which one job is next, calls in it, what must come of it."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from faults.calls import Call, Starter
from faults.undisturbed import Job, Undisturbed

SHIM = Path(__file__).with_name("shim.c")
# of the core's time of a job until one of its rule was seen to end
FIRST_GUESS = 1.5
# Said by a run that finds another in its folder. In the instant in which that one ends it removes
# the folder of locks, and Snakemake fails to write the second run's there.
REFUSED = re.compile(
    r"Directory cannot be locked|No such file or directory: '\S*/\.snakemake/locks/\d+\.\w+\.lock'"
)
# Snakemake's words for a result of a clock that was ahead, the name of the result in them
AHEAD = re.compile(r"has older modification time .* than input (\S+) \(")


class CannotStrike(Exception):
    """This machine cannot bring the fault about; why."""


class Missed(Exception):
    """The job was over before the fault."""


class Tools:
    """What all faults share: the undisturbed run, a process that starts calls, the shim."""

    def __init__(self, undisturbed: Undisturbed, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.undisturbed, self.place = undisturbed, place
        self.starter = Starter()
        self.seconds: dict[str, float] = {}  # of a core, that a job of each rule takes
        self.shim: Path | None = None
        if compiler := shutil.which("cc"):
            self.shim = place / "shim.so"
            command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(self.shim), str(SHIM), "-ldl"]
            subprocess.run(command, check=True)


class Scene:
    """A folder of its own in which `job` is next, and one that reads what it makes.

    Args:
        whole: the work goes on to the end, and the record of it is verified.
    """

    def __init__(self, tools: Tools, job: Job, chance: random.Random, whole: bool) -> None:
        self.tools, self.undisturbed = tools, tools.undisturbed
        self.job, self.chance, self.whole = job, chance, whole
        self.directory = tools.place / "run"
        later = self.undisturbed.after(job)
        nearest = self.undisturbed.next_to(job)
        self.also = [chance.choice(nearest)] if nearest else []
        if whole or not later:
            self.targets: list[str] = []
            self.also = later
        else:
            self.targets = [output for one in [job, *self.also] for output in one.outputs]
        unmade = [one for one in later if one not in self.also]
        self.expected = self.undisturbed.results() - {
            output for one in unmade for output in one.outputs
        }
        self.calls: list[Call] = []
        self.untouched: dict[str, tuple[int, int]] = {}
        self.begin()

    def begin(self) -> None:
        """The folder as it is before the job."""
        self.clear()
        later = self.undisturbed.after(self.job)
        self.undisturbed.copy(self.directory, without=[self.job, *later])
        self.untouched = self._states(self._kept())

    def as_finished(self) -> None:
        """The folder as it is after the whole run."""
        self.clear()
        self.undisturbed.copy(self.directory)
        self.untouched = {}

    def clear(self) -> None:
        for call in self.calls:
            call.end()
        self.calls = []
        shutil.rmtree(self.directory, ignore_errors=True)

    def _kept(self) -> set[str]:
        return {file for file in self.expected if (self.directory / file).exists()}

    def _states(self, files: set[str]) -> dict[str, tuple[int, int]]:
        found = {}
        for file in files:
            with suppress(FileNotFoundError):
                state = (self.directory / file).stat()
                found[file] = (state.st_ino, state.st_mtime_ns)
        return found

    # calls

    def start(
        self,
        *options: str,
        environment: Mapping[str, str] | None = None,
        limits: Sequence[tuple[str, int]] = (),
        whole: bool = False,
    ) -> Call:
        arguments = ["-s", str(self.undisturbed.run.code / "Snakefile"), "--cores", "2"]
        arguments += [*options, *self.targets, "--configfile", "config.yaml"]
        return self._call(arguments, environment or {}, limits, whole)

    def _call(self, arguments: Sequence[str], *how: Any) -> Call:
        output = self.tools.place / f"output{len(self.calls)}.txt"
        call = Call(self.tools.starter, self.directory, output, arguments, *how)
        self.calls.append(call)
        return call

    def finish(self, *options: str) -> Call:
        """The same command once more, to its end."""
        call = self.start(*options)
        call.wait()
        return call

    def unlock(self) -> None:
        """What is documented for the lock of a killed run."""
        locks = self.directory / ".snakemake" / "locks"
        if not locks.exists() or not any(locks.iterdir()):
            return
        if self.chance.random() < 0.1:
            assert self.finish("--unlock").ended() == 0
        else:  # what it does, without its seconds
            shutil.rmtree(locks)

    # moments

    def struck_at(self, call: Call) -> psutil.Process:
        """The job's process, at a moment of its work.

        Raises:
            Missed: it was over.
        """
        process = call.wait_for(lambda: call.script(self.job.rule))
        if process is None:
            raise Missed
        moment = self.chance.random() * self.tools.seconds.get(self.job.rule, FIRST_GUESS)
        used = 0.0
        try:
            while used < moment:
                times = process.cpu_times()
                used = max(used, times.user + times.system)
                if process.status() == psutil.STATUS_ZOMBIE:
                    break
                time.sleep(0.02)
            else:
                return process
        except psutil.NoSuchProcess:
            pass
        self.tools.seconds[self.job.rule] = used
        raise Missed

    def preloaded(self, **facts: object) -> dict[str, str]:
        """Variables with which a process has the shim."""
        if self.tools.shim is None:
            raise CannotStrike("there is no C compiler, cc")
        return {"LD_PRELOAD": str(self.tools.shim)} | {
            f"FAULT_{name.upper()}": str(value) for name, value in facts.items()
        }

    @contextmanager
    def mounted(self, folder: Path, *options: str) -> Iterator[None]:
        folder.mkdir(parents=True, exist_ok=True)
        _mount(*options, str(folder))
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)

    # what must hold

    def finished(self, call: Call) -> set[str]:
        """The outputs of the jobs that a call has said to be finished, where that is clear."""
        ended = re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", call.output)
        found: set[str] = set()
        for rule in set(ended):
            jobs = [one for one in [self.job, *self.also] if one.rule == rule]
            if ended.count(rule) >= len(jobs):
                found |= {output for one in jobs for output in one.outputs}
        return found

    def keep(self, call: Call) -> None:
        """From now on what this call has finished must stay as it is."""
        self.untouched |= self._states(self.finished(call))

    def complete(self, touched: Set[str] = frozenset()) -> list[str]:
        """What is wrong after the same command once more, and what is documented for its error."""
        self.unlock()
        call = self.finish()
        while (ahead := AHEAD.search(call.output)) and ahead[1] not in touched:
            touched = touched | {ahead[1]}
            os.utime(self.directory / ahead[1])
            call = self.finish()
        wrong = [] if call.ended() == 0 else [f"the same command failed: {call.output[-1500:]}"]
        wrong += self.undisturbed.differences(self.directory, self.expected)
        now = self._states(set(self.untouched))
        wrong += [
            f"made again: {file}"
            for file, state in self.untouched.items()
            if file not in touched and now.get(file) != state
        ]
        if not self.targets:
            wrong += [f"verify: {line}" for line in self.verify()]
        return wrong

    def verify(self) -> list[str]:
        """What `snakemake verify` finds wrong."""
        snakefile = str(self.undisturbed.run.code / "Snakefile")
        options = ["--cores", "1", "--quiet", "all", "--configfile", "config.yaml"]
        call = self._call(["-s", snakefile, *options, "--", "verify"], {})
        call.wait()
        if call.ended() == 0:
            return []
        lines = call.output.splitlines()
        named = [line for line in lines if re.match("changed since|missing:|not made by", line)]
        return named or [call.output[-1500:]]


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotStrike(f"nothing can be mounted here: {done.stderr.strip()}")


def stop(process: psutil.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)
