"""The workflow on a real SLURM: one GPU for one training, and faults of every kind survived.

It uses the SLURM that answers here, or starts one of two nodes (as root, with slurmctld, slurmd and
munge installed).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import yaml
from conftest import REPO, TINY, WholeRun, run_workflow, write_tiny_samples

CLUSTER = Path(__file__).with_name("cluster.sh")
# long enough to be met while they run
SLOW = TINY | {
    "seeds": [1, 2, 3, 4],
    "training": TINY["training"] | {"epochs": 300, "patience": 300, "batch_size": 4},
}
TRAININGS = [f"results/S/seed{seed}/model.pt" for seed in SLOW["seeds"]]


def ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def answers() -> bool:
    return (
        shutil.which("sinfo") is not None
        and not subprocess.run(["sinfo", "-h"], capture_output=True, timeout=60).returncode
    )


@dataclass(frozen=True)
class Cluster:
    """A SLURM, and whether its nodes are ours to take down."""

    ours: bool


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if answers():
        if "gpu" not in ask("sinfo", "-h", "-o", "%G"):
            pytest.skip("not run: no node of the SLURM that answers here has a GPU")
        yield Cluster(ours=False)
        return
    missing = [name for name in ("slurmctld", "slurmd", "munged") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        need = f"{', '.join(missing)} not installed" if missing else "only root can start one"
        pytest.skip(f"not run: no SLURM answers here, and {need}")
    # not below pytest's own folder, which others may not enter: munge refuses such a place
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        started = subprocess.run([CLUSTER, "start", folder], capture_output=True, text=True)
        try:
            if started.returncode != 0:
                said = (started.stdout + started.stderr)[-500:]
                pytest.skip(f"not run: SLURM does not start here: {said}")
            yield Cluster(ours=True)
        finally:
            subprocess.run([CLUSTER, "stop", folder], capture_output=True)


@dataclass
class Job:
    """A job of SLURM, as `squeue` lists it."""

    number: str
    name: str
    state: str
    node: str
    start: str
    end: str


def listed(state: str = "all") -> list[Job]:
    lines = ask("squeue", "-h", "-t", state, "-o", "%i|%k|%T|%N|%S|%e").splitlines()
    return [Job(*line.split("|")) for line in lines]


def trainings(state: str = "all") -> list[Job]:
    return [job for job in listed(state) if job.name.startswith("rule_train_")]


# Faults


def send(number: signal.Signals, job: Job, command: bytes = b".train.py") -> None:
    """A signal to the process of a job that runs a command, if left out the training itself."""
    mark = f"SLURM_JOB_ID={job.number}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found = command in (process / "cmdline").read_bytes()
            if found and mark in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), number)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue


def time_limit(job: Job) -> None:
    # one minute is the least that SLURM knows: the training hangs until then
    ask("scontrol", "update", f"JobId={job.number}", "TimeLimit=1")
    send(signal.SIGSTOP, job)


def scancel(job: Job) -> None:
    ask("scancel", job.number)


def sigkill(job: Job) -> None:
    send(signal.SIGKILL, job)


def node_down(job: Job) -> None:
    ask("scontrol", "update", f"NodeName={job.node}", "State=down", "Reason=test")


FAULTS: dict[str, Callable[[Job], None]] = {
    "time limit": time_limit,
    "scancel": scancel,
    "SIGKILL": sigkill,
    "node down": node_down,
}


@dataclass(frozen=True)
class Faulty:
    """A run whose trainings each met a fault, and what became of it."""

    run: WholeRun
    met: dict[str, Job]  # the first job of each training, by the fault that ended it
    output: str
    returncode: int
    jobs: list[Job]


def submit(directory: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start Snakemake with the SLURM profile, made to look after its jobs more often."""
    (directory / "config.yaml").write_text(yaml.safe_dump(SLOW, sort_keys=False), "utf-8")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "snakemake", "-s", str(REPO / "Snakefile")),
            *("--profile", str(REPO / "profiles" / "slurm"), "--directory", str(directory)),
            # computed on the CPU, to compare weights; given a GPU all the same
            *("--set-resources", "train:gpu=1"),
            *("--slurm-init-seconds-before-status-checks", "3", *arguments),
            *("--configfile", str(directory / "config.yaml")),
        ],
        cwd=directory,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def under_way(directory: Path, job: Job) -> bool:
    seed = job.name.rsplit("_", 1)[1]
    log = directory / f"results/logs/train/S_seed{seed}.log"
    return log.is_file() and "epoch 3/" in log.read_text("utf-8")


@pytest.fixture(scope="module")
def faulty(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    """All trainings of a run, each struck once by another fault."""
    directory = tmp_path_factory.mktemp("faulty")
    write_tiny_samples(directory)
    before = {job.number for job in listed()}
    left = [name for name in FAULTS if cluster.ours or name != "node down"]
    met: dict[str, Job] = {}
    process = submit(directory, *TRAININGS)
    try:
        deadline = time.monotonic() + 500
        while left and process.poll() is None and time.monotonic() < deadline:
            for job in trainings("running"):
                struck = {other.name for other in met.values()}
                new = job.number not in before and job.name not in struck
                if left and new and under_way(directory, job):
                    fault = left.pop(0)
                    FAULTS[fault](job)
                    met[fault] = job
            time.sleep(0.3)
        output, _ = process.communicate(timeout=500)
    finally:
        process.kill()
        for job in met.values():
            # without cgroups SLURM leaves behind what lost its parent
            send(signal.SIGKILL, job, b"snakemake")
    jobs = [job for job in listed() if job.number not in before]
    return Faulty(WholeRun(directory, REPO), met, output, process.returncode, jobs)


def test_every_fault_was_met(faulty: Faulty, cluster: Cluster) -> None:
    expected = set(FAULTS) if cluster.ours else set(FAULTS) - {"node down"}
    assert set(faulty.met) == expected, faulty.output


def test_every_fault_ends_a_job_and_is_followed_by_another(faulty: Faulty) -> None:
    states = {job.number: job.state for job in faulty.jobs}
    ended = {
        "scancel": "CANCELLED",
        "SIGKILL": "FAILED",
        "time limit": "TIMEOUT",
        "node down": "NODE_FAIL",
    }
    for fault, job in faulty.met.items():
        assert states[job.number] == ended[fault]
        again = [other for other in faulty.jobs if other.name == job.name]
        assert sorted(other.state for other in again) == sorted([ended[fault], "COMPLETED"])


def test_the_run_completes(faulty: Faulty) -> None:
    assert faulty.returncode == 0, faulty.output


def test_every_training_that_was_struck_resumes(faulty: Faulty) -> None:
    for fault, job in faulty.met.items():
        seed = job.name.rsplit("_", 1)[1]
        log = faulty.run.results / "logs" / "train" / f"S_seed{seed}.log"
        assert "resuming after epoch" in log.read_text("utf-8"), fault


def gpus(node: str) -> int:
    """How many GPUs a node has."""
    lists = re.findall(r"gpu:(?:\w+:)?(\d+)", ask("sinfo", "-h", "-N", "-n", node, "-o", "%G"))
    return sum(int(number) for number in lists)


def test_no_two_trainings_hold_one_gpu(faulty: Faulty) -> None:
    runs = [job for job in faulty.jobs if job.name.startswith("rule_train_")]
    assert len(runs) == len(TRAININGS) + len(faulty.met)
    for job in runs:
        # times are text that sorts
        alongside = [
            other
            for other in runs
            if other.node == job.node and other.start <= job.start < other.end
        ]
        assert len(alongside) <= gpus(job.node), alongside


def test_trained_weights_are_those_of_a_run_without_slurm(faulty: Faulty, tmp_path: Path) -> None:
    shutil.copytree(faulty.run.directory / "raw", tmp_path / "raw")
    done = run_workflow(*TRAININGS, config=SLOW, directory=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in TRAININGS:
        there = torch.load(faulty.run.directory / path, weights_only=True)["state"]
        here = torch.load(tmp_path / path, weights_only=True)["state"]
        assert here.keys() == there.keys()
        for name, weights in here.items():
            assert torch.equal(weights, there[name]), (path, name)


def test_trainings_take_turns_on_one_gpu_within_one_job(faulty: Faulty, tmp_path: Path) -> None:
    directory = Path(shutil.copytree(faulty.run.directory, tmp_path / "run"))
    for path in TRAININGS[:2]:
        (directory / path).unlink()
    before = {job.number for job in listed()}
    # as docs/cluster.md says
    together = ["--groups", "train=trainings", "--group-components", "trainings=2"]
    process = submit(directory, *TRAININGS[:2], *together)
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    jobs = [job for job in listed() if job.number not in before]
    assert len(jobs) == 1
    said = ask("scontrol", "show", "job", jobs[0].number)
    assert re.search(r"=gres:gpu:1$", said, re.MULTILINE)
    assert "TimeLimit=08:00:00" in said  # 240 minutes for each


def test_a_lost_login_node_costs_nothing_that_was_done_and_nothing_is_started_twice(
    cluster: Cluster, tmp_path: Path
) -> None:
    write_tiny_samples(tmp_path)
    before = {job.number for job in listed()}
    first = submit(tmp_path, TRAININGS[0])
    deadline = time.monotonic() + 300
    while not any(under_way(tmp_path, job) for job in trainings("running")):
        assert first.poll() is None and time.monotonic() < deadline, first.communicate()[0]
        time.sleep(0.3)
    first.kill()
    first.communicate()
    (training,) = [job for job in trainings("running") if job.number not in before]
    send(signal.SIGSTOP, training)  # else it may end before the second call looks

    submit(tmp_path, "--unlock", TRAININGS[0]).communicate(timeout=120)
    second = submit(tmp_path, TRAININGS[0])
    output, _ = second.communicate(timeout=120)
    assert second.returncode == 1, output
    assert f"{training.number}: found SLURM jobs of a run whose Snakemake was lost" in output

    send(signal.SIGCONT, training)
    while trainings("running"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    submit(tmp_path, "--unlock", TRAININGS[0]).communicate(timeout=120)
    third = submit(tmp_path, TRAININGS[0])
    output, _ = third.communicate(timeout=120)
    assert third.returncode == 0, output
    made = [job for job in listed() if job.number not in before and job.name == training.name]
    assert [job.number for job in made] == [training.number]
