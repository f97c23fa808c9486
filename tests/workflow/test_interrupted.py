"""Runs that are interrupted in any way: one more call completes them, with the same results.

The number of random kills is that of the environment variable ODDJET_KILLS, 6 unless told.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from comparison import contents, differences
from conftest import REPO, TINY, run_workflow, write_tiny_samples

KILLS = int(os.environ.get("ODDJET_KILLS", "6"))
# a training of some seconds, no figures, and no truth: tests/faults strikes every rule
CONFIG = deepcopy(TINY) | {"seeds": [1]}
del CONFIG["samples"]["tests"]["high"]["truth"]
CONFIG["training"] |= {"epochs": 100, "patience": 100}
EVERYTHING = "results/summary.csv"
SCORES = "results/S/seed1/scores.h5"
CLUSTERS = "results/S/seed1/clusters.h5"
TRAINING_LOG = "results/logs/train/S_seed1.log"


def call(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_workflow(*arguments, config=CONFIG, directory=directory)


def complete(directory: Path, target: str) -> str:
    """The one more call; its output."""
    done = call(directory, target)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    return output


class Run:
    """The workflow as a process group of its own, as a terminal starts it."""

    def __init__(self, directory: Path, target: str) -> None:
        self.directory = directory
        (directory / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False), "utf-8")
        command = [sys.executable, "-m", "snakemake", "-s", str(REPO / "Snakefile")]
        command += ["--cores", "2", target, "--configfile", "config.yaml"]
        self.file = directory / "output.txt"
        with self.file.open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=directory, stdout=output, stderr=output, start_new_session=True
            )

    @property
    def output(self) -> str:
        return self.file.read_text("utf-8")

    def scripts(self) -> dict[str, psutil.Process]:
        """The scripts that run now, by their name."""
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                command = child.cmdline()
                if command and ".snakemake/scripts/" in command[-1]:
                    found[command[-1].rsplit(".", 2)[1]] = child
        return found

    def wait_for(self, happened: Callable[[], Any]) -> None:
        while not happened():
            assert self.process.poll() is None, f"it ended before that:\n{self.output[-3000:]}"
            time.sleep(0.02)

    def wait_for_epoch(self, epoch: int) -> None:
        log = self.directory / TRAINING_LOG
        self.wait_for(lambda: log.exists() and f"epoch {epoch}/" in log.read_text("utf-8"))

    def signal_group(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)


@contextmanager
def running(directory: Path, target: str) -> Iterator[Run]:
    run = Run(directory, target)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.signal_group(signal.SIGKILL)
        run.process.wait()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory in which all is ready for the training; to be copied."""
    directory = tmp_path_factory.mktemp("prepared")
    write_tiny_samples(directory)
    complete(directory, "results/tables/samples.csv")
    return directory


@pytest.fixture
def ready(prepared: Path, tmp_path: Path) -> Path:
    """A directory of the test's own in which the training is next."""
    return Path(shutil.copytree(prepared, tmp_path / "run"))


@pytest.fixture(scope="module")
def undisturbed(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an undisturbed run makes."""
    directory = tmp_path_factory.mktemp("undisturbed") / "run"
    shutil.copytree(prepared, directory)
    complete(directory, EVERYTHING)
    return contents(directory)


@pytest.fixture(scope="module")
def scored(undisturbed: dict[str, Any]) -> dict[str, Any]:
    """Of that, what is there when the scores are."""
    made = ("model.pt", "history.csv", "scores.h5", "reconstructions.h5")
    names = {f"S/seed1/{name}" for name in made}
    names |= {"tables/samples.csv", "tables/sources.csv"}
    names |= {name for name in undisturbed if name.startswith("prepared/")}
    return {name: undisturbed[name] for name in names}


# Signals


def test_a_training_that_is_terminated_resumes_and_ends_as_if_it_had_not_been(
    ready: Path, scored: dict[str, Any]
) -> None:
    with running(ready, SCORES) as run:
        run.wait_for_epoch(20)
        run.scripts()["train"].terminate()
        assert run.process.wait() != 0
        output = run.output
    assert "interrupted by SIGTERM: the same command continues from" in output
    # the message names the log file, and its last lines stand under it
    logged = output.split(f"Logfile {TRAINING_LOG}:")[1]
    assert "epoch 20/100" in logged
    assert "Traceback" not in output
    assert (ready / "results/S/seed1/checkpoint.pt").exists()
    complete(ready, SCORES)
    assert "resuming after epoch" in (ready / TRAINING_LOG).read_text("utf-8")
    assert differences(ready, scored) == []


def test_ctrl_c_leaves_nothing_that_the_next_call_cannot_use(
    ready: Path, scored: dict[str, Any]
) -> None:
    with running(ready, SCORES) as run:
        run.wait_for_epoch(20)
        run.signal_group(signal.SIGINT)
        assert run.process.wait() != 0
    complete(ready, SCORES)  # no --unlock
    assert "resuming after epoch" in (ready / TRAINING_LOG).read_text("utf-8")
    assert differences(ready, scored) == []


def test_a_checkpoint_of_another_configuration_is_refused_and_the_log_says_so(ready: Path) -> None:
    with running(ready, SCORES) as run:
        run.wait_for_epoch(20)
        run.signal_group(signal.SIGTERM)
        run.process.wait()
    checkpoint = ready / "results/S/seed1/checkpoint.pt"
    assert checkpoint.exists()
    other = deepcopy(CONFIG)
    other["training"] |= {"epochs": 3}
    done = run_workflow(SCORES, config=other, directory=ready)
    assert done.returncode == 0, done.stderr
    log = (ready / TRAINING_LOG).read_text("utf-8")
    assert "refused and removed: configuration.training.epochs was 100, is 3" in log
    assert "resuming" not in log
    assert not checkpoint.exists()


def test_after_kills_at_random_moments_one_more_call_completes_the_work(
    tmp_path: Path, undisturbed: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    moments = random.Random(1)
    struck: dict[str, int] = {}
    place = tmp_path / "run"
    runs = 0
    for _ in range(KILLS):
        if not place.exists():
            runs += 1
            place.mkdir()
            write_tiny_samples(place)
        # what --unlock does, without its three seconds
        shutil.rmtree(place / ".snakemake" / "locks", ignore_errors=True)
        with running(place, EVERYTHING) as run:
            # most of the time goes into starting: half of the kills come as soon as a job runs
            try:
                if moments.random() < 0.5:
                    run.wait_for(run.scripts)
                run.process.wait(moments.uniform(0, 8))
            except subprocess.TimeoutExpired:
                for script in run.scripts() or ["none"]:
                    struck[script] = struck.get(script, 0) + 1
                run.signal_group(signal.SIGKILL)
                continue
            assert run.process.returncode == 0, run.output[-3000:]
        # the run was over before the kill: check it, and start another
        assert differences(place, undisturbed) == []
        shutil.rmtree(place)
    if place.exists():
        unlocked = call(place, "--unlock", EVERYTHING)
        assert unlocked.returncode == 0, unlocked.stderr
        complete(place, EVERYTHING)
        assert differences(place, undisturbed) == []
    record_property("struck", struck)
    print(f"{KILLS} kills of {runs} runs, while there ran: {struck}", file=sys.__stderr__)


def test_a_lock_that_a_killed_run_left_is_explained_and_unlock_removes_it(
    ready: Path, scored: dict[str, Any]
) -> None:
    with running(ready, SCORES) as run:
        run.wait_for_epoch(20)
        run.signal_group(signal.SIGKILL)
    refused = call(ready, SCORES)
    assert refused.returncode != 0
    assert "It can be removed with the --unlock argument" in refused.stdout + refused.stderr
    assert call(ready, "--unlock", SCORES).returncode == 0
    complete(ready, SCORES)
    assert "resuming after epoch" in (ready / TRAINING_LOG).read_text("utf-8")
    assert differences(ready, scored) == []


def test_what_jobs_of_a_lost_run_made_is_taken_over_if_it_is_of_the_same_parameters(
    ready: Path, scored: dict[str, Any]
) -> None:
    complete(ready, SCORES)
    # as where a job on a node ends when the Snakemake that would have recorded it is no more
    shutil.rmtree(ready / ".snakemake" / "metadata")
    other = deepcopy(CONFIG)
    other["training"]["epochs"] = 99
    for command in ([CLUSTERS], ["-n"]):  # before a job of one target, and in planning all
        refused = run_workflow(*command, config=other, directory=ready)
        assert refused.returncode != 0
        said = refused.stdout + refused.stderr
        model = SCORES.replace("scores.h5", "model.pt")
        assert f"{model}: found a result of other parameters" in said
    output = complete(ready, CLUSTERS)
    assert not re.search(r"^(train|prepare_\w+) ", output, re.MULTILINE)  # in the table of jobs
    (ready / CLUSTERS).unlink()
    assert differences(ready, scored) == []
    # from now on Snakemake knows with what they were made
    planned = run_workflow(SCORES, "-n", config=other, directory=ready)
    assert planned.returncode == 0, planned.stderr
    assert re.search(r"^train ", planned.stdout, re.MULTILINE)


# Two at once, and disks


def test_a_second_run_in_the_same_folder_is_refused_and_harms_nothing(
    ready: Path, scored: dict[str, Any]
) -> None:
    with running(ready, SCORES) as run:
        run.wait_for_epoch(1)
        run.signal_group(signal.SIGSTOP)  # else it may be done before the second one looks
        second = call(ready, SCORES)
        run.signal_group(signal.SIGCONT)
        assert second.returncode != 0
        assert "Directory cannot be locked" in second.stdout + second.stderr
        assert run.process.wait() == 0, run.output[-3000:]
    assert differences(ready, scored) == []


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A small disk at `folder`, and a function that changes its mount options."""

    def mount(*arguments: str) -> None:
        done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")

    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    try:
        yield lambda options: mount("-o", f"remount,{options}")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_plainly_and_with_room_the_next_call_completes_the_work(
    ready: Path, scored: dict[str, Any]
) -> None:
    results = ready / "results"
    results.rename(ready / "before")
    results.mkdir()
    with disk(results, size="16m"):
        shutil.copytree(ready / "before", results, dirs_exist_ok=True)
        filling = results / "filling"
        free = shutil.disk_usage(results).free
        filling.write_bytes(bytes(free - 44 * 1024))  # the log has room, the model (56 KiB) has not
        failed = call(ready, SCORES)
        output = failed.stdout + failed.stderr
        assert failed.returncode != 0
        assert "results/S/seed1/model.pt: found that it cannot be written (No space left" in output
        assert "the same command again" in output
        # once on the terminal, and once in the log file that is shown
        assert output.count("no checkpoint: results/S/seed1/checkpoint.pt: found") == 2
        assert "Traceback" not in output
        assert not (results / "S/seed1/model.pt").exists()
        filling.unlink()
        complete(ready, SCORES)
        assert differences(ready, scored) == []


def test_a_read_only_results_folder_is_named_and_writable_again_the_work_is_completed(
    ready: Path, scored: dict[str, Any]
) -> None:
    results = ready / "results"
    results.rename(ready / "before")
    results.mkdir()
    with disk(results, size="64m") as remount:
        shutil.copytree(ready / "before", results, dirs_exist_ok=True)
        remount("ro")
        failed = call(ready, SCORES)
        assert failed.returncode != 0
        assert "Read-only file system: 'results/" in failed.stdout + failed.stderr
        remount("rw")
        complete(ready, SCORES)
        assert differences(ready, scored) == []
