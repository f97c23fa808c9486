"""What the profiles promise about GPUs, retries and rebuilds."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml
from conftest import REPO
from planning import FORKS
from snakemake.cli import parse_args

from oddjet.planning import drivers


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPO)  # where profiles/default is looked for


def test_one_machine_trains_one_model_on_a_gpu_at_a_time_unless_told_otherwise() -> None:
    _, settings = parse_args(["--cores", "8"])
    assert settings.resources["gpu"].value == 1
    _, settings = parse_args(["--cores", "8", "--resources", "gpu=4"])
    assert settings.resources["gpu"].value == 4


def ask_for_training(config: dict, directory: Path) -> None:
    """Write down the threads and GPUs that the training of S asks for."""
    from snakemake import api
    from snakemake.settings import types

    os.chdir(directory)
    with api.SnakemakeApi(types.OutputSettings(dryrun=True, quiet={types.Quietness.ALL})) as made:
        workflow = made.workflow(
            types.ResourceSettings(cores=8),
            types.ConfigSettings(config=config),
            snakefile=REPO / "Snakefile",
        )
        planned = workflow.dag(types.DAGSettings(targets={"results/S/seed1/model.pt"}))
        planned.execute_workflow(executor="dryrun")
        (job,) = (job for job in workflow._workflow.dag.jobs if job.rule.name == "train")
        asked = {"threads": job.threads} | {of: job.resources[of] for of in ("gpu", "per_gpu")}
        (directory / "asked.json").write_text(json.dumps(asked), "utf-8")


@pytest.mark.parametrize(
    ("model", "device", "threads", "gpu", "per_gpu"),
    [
        ({}, "cpu", 1, 0, 1),
        ({}, "cuda", 1, 1, 1),
        ({}, "auto", 1, int(drivers.loaded()), 1),
        ({"kind": "convolutional"}, "cpu", 4, 0, 1),
        ({"threads": 3}, "cpu", 3, 0, 1),
        ({"training": {"device": "cuda", "per_gpu": 4}}, "cpu", 1, 1, 4),
    ],
)
def test_a_training_asks_for_the_cores_and_the_gpu_that_it_makes_use_of(
    model: dict, device: str, threads: int, gpu: int, per_gpu: int, tmp_path: Path
) -> None:
    (tmp_path / "resources").symlink_to(REPO / "resources")
    config = {"models": {"S": {"latent": 3} | model}, "training": {"device": device}}
    # in a process of its own, which Snakemake may change as it likes
    process = FORKS.Process(target=ask_for_training, args=(config, tmp_path))
    process.start()
    process.join()
    asked = json.loads((tmp_path / "asked.json").read_text("utf-8"))
    assert asked == {"threads": threads, "gpu": gpu, "per_gpu": per_gpu}


def test_on_slurm_the_limit_of_one_machine_does_not_hold_for_the_cluster() -> None:
    _, settings = parse_args(["--profile", "profiles/slurm"])
    assert settings.executor == "slurm"
    assert settings.set_resource_scopes["gpu"] == "local"


def profile(name: str) -> dict:
    return yaml.safe_load((REPO / "profiles" / name / "config.yaml").read_text("utf-8"))


def test_jobs_rerun_for_the_same_reasons_with_every_profile() -> None:
    default, slurm = profile("default"), profile("slurm")
    for key in ("rerun-triggers", "max-checksum-file-size"):
        assert slurm[key] == default[key]
    # `input` and `code` are replaced by parameters: see docs/architecture.md
    assert set(default["rerun-triggers"]) == {"mtime", "params", "software-env"}


def test_on_slurm_a_lost_job_is_submitted_anew_by_snakemake_alone() -> None:
    slurm = profile("slurm")
    assert slurm["retries"] >= 1
    assert slurm["slurm-no-requeue"] is True


def rule_texts() -> dict[str, str]:
    texts = {}
    for file in (REPO / "workflow" / "rules").glob("*.smk"):
        for text in re.split(r"^rule ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            texts[text.split(":")[0]] = text
    return texts


def test_a_retry_asks_for_more_memory_and_time() -> None:
    submitted = {name: text for name, text in rule_texts().items() if "localrule" not in text}
    for name, text in submitted.items():
        if "script:" in text:
            assert re.search(r"mem_mb=more\(\d+\)", text), name
            assert re.search(r"runtime=((more|minutes_for)\(\d+\)|piece_minutes)", text), name


def test_groups_are_of_rules_that_there_are_and_leave_trainings_alone() -> None:
    groups = profile("slurm")["groups"]
    assert set(groups) <= set(rule_texts()) - {"train"}
    assert set(profile("slurm")["group-components"]) <= set(groups.values())
