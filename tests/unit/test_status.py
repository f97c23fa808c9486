"""How jobs stand, by what lies in the results folder."""

import os
from pathlib import Path
from typing import Any

import pytest

from oddjet.watch.lost import still_queued
from oddjet.watch.status import by_rule, look_at


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A training of which there is nothing yet, in a folder where a run began at time 1000."""
    monkeypatch.chdir(tmp_path)
    Path(".snakemake/locks").mkdir(parents=True)
    Path(".snakemake/locks/0.output.lock").touch()
    os.utime(".snakemake/locks/0.output.lock", (1000, 1000))
    return {
        "rule": "train",
        "wildcards": {"model": "S", "seed": "1"},
        "outputs": ["model.pt", "history.csv"],
        "log": "train.log",
        "benchmark": "train.tsv",
    }


def write_log(time: int) -> None:
    Path("train.log").write_text("training\nepoch 3/12: 5 s left\n", "utf-8")
    os.utime("train.log", (time, time))


def test_a_job_without_outputs_and_log_is_missing(train: dict[str, Any]) -> None:
    assert look_at(train).state == "missing"


def test_a_job_with_all_its_outputs_is_done_and_took_as_long_as_its_benchmark_says(
    train: dict[str, Any],
) -> None:
    Path("model.pt").touch()
    assert look_at(train).state == "missing"
    Path("history.csv").touch()
    Path("train.tsv").write_text("s\th:m:s\n12.5\t0:00:12\n", "utf-8")
    found = look_at(train)
    assert (found.state, found.seconds) == ("done", 12.5)


def test_a_job_that_writes_to_its_log_is_running_and_says_how_far_it_is(
    train: dict[str, Any],
) -> None:
    write_log(1001)
    found = look_at(train)
    assert (found.state, found.name) == ("running", "train S 1")
    assert found.said == "epoch 3/12: 5 s left"


def test_a_log_of_a_run_before_this_one_is_no_running_job(train: dict[str, Any]) -> None:
    write_log(999)
    assert look_at(train).state == "missing"


def test_without_a_run_no_job_is_running(train: dict[str, Any]) -> None:
    write_log(1001)
    Path(".snakemake/locks/0.output.lock").unlink()
    assert look_at(train).state == "missing"


def test_table_counts_the_jobs_of_each_rule_in_the_order_of_the_road(
    train: dict[str, Any],
) -> None:
    there = train | {"rule": "prepare", "outputs": [], "benchmark": None}
    write_log(1001)
    Path("train.tsv").write_text("s\th:m:s\n4.0\t0:00:04\n", "utf-8")
    done = train | {"outputs": []}
    waiting = train | {"log": "no.log", "benchmark": None}
    table = by_rule([look_at(job) for job in (there, train, done, waiting)])
    assert table.rule.tolist() == ["prepare", "train", "all"]
    assert table.done.tolist() == [1, 1, 2]
    assert table.running.tolist() == [0, 1, 1]
    assert table.missing.tolist() == [0, 1, 1]
    assert table.seconds.isna().tolist() == [True, False, False]


def test_slurm_jobs_that_write_below_this_folder_are_those_of_a_lost_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    logs = tmp_path / ".snakemake" / "slurm_logs" / "rule_train"
    lines = [f"12  {logs}/%j.log", "13  /elsewhere/.snakemake/slurm_logs/13.log", "14  /dev/null"]
    squeue = tmp_path / "squeue"
    squeue.write_text("#!/bin/sh\n" + "\n".join(f"echo '{line}'" for line in lines))
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert still_queued() == ["12"]
    squeue.unlink()
    assert still_queued() == []
