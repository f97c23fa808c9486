"""`snakemake verify` and `snakemake status` on a whole run."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from conftest import WHOLE, WholeRun


@pytest.fixture
def copy(whole_run: WholeRun, tmp_path: Path) -> WholeRun:
    """The run in a folder of its own, to spoil."""
    place = Path(shutil.copytree(whole_run.directory, tmp_path / "run"))
    return WholeRun(place, whole_run.code)


def ask(run: WholeRun, target: str) -> tuple[int, str]:
    done = run.run(target, "--quiet", "all")
    return done.returncode, done.stdout + done.stderr


def test_every_result_says_which_configuration_code_inputs_and_versions_made_it(
    whole_run: WholeRun,
) -> None:
    record = json.loads((whole_run.results / "provenance.json").read_text("utf-8"))
    apart = {"logs", "benchmarks", "provenance.json"}
    results = {
        str(path.relative_to(whole_run.directory))
        for path in whole_run.results.rglob("*")
        if path.is_file() and path.relative_to(whole_run.results).parts[0] not in apart
    }
    assert set(record["files"]) == results
    for facts in record["files"].values():
        assert len(facts["parameters"]["code"]) == 16
        assert set(facts["inputs"]) <= results | set(record["raw"])
    raw = {path.name for path in (whole_run.directory / "raw").iterdir()}
    assert set(record["raw"]) == {f"raw/{name}" for name in raw}
    assert record["configuration"]["seeds"] == WHOLE["seeds"]
    model = record["files"]["results/S/seed1/model.pt"]
    assert (model["rule"], model["wildcards"]) == ("train", {"model": "S", "seed": "1"})
    assert model["parameters"]["training"]["epochs"] == 2
    assert model["inputs"] == ["results/prepared/shared/normal.h5"]


@pytest.mark.parametrize("how", ["another working directory", "another path"])
def test_results_of_which_nothing_is_known_here_are_not_called_good(
    copy: WholeRun, tmp_path: Path, how: str
) -> None:
    here = copy.directory
    if how == "another path":
        results = "moved"
        copy.results.rename(here / results)
    else:
        here, results = tmp_path / "elsewhere", str(copy.results)
        shutil.copytree(copy.directory / "raw", here / "raw")
    config = WHOLE | {"results": results, "models": {"S": WHOLE["models"]["S"] | {"latent": 7}}}
    done = copy.run("-n", config=config, directory=here)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "found a result of which nothing is known here" in said
    assert "Hint: work where it was made" in said


def test_verify_agrees_with_a_run_that_nobody_touched(whole_run: WholeRun) -> None:
    code, said = ask(whole_run, "verify")
    assert code == 0, said
    assert "0 of them wrong" in said


def test_verify_fails_and_names_what_does_not_match(copy: WholeRun) -> None:
    table = copy.results / "tables" / "fractions.csv"
    times = table.stat()
    table.write_text(table.read_text("utf-8").replace("S,1,", "S,2,", 1), "utf-8")
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))  # which no time tells
    (copy.results / "mine.csv").touch()
    code, said = ask(copy, "verify")
    assert code != 0
    assert "changed since summarise made it: results/tables/fractions.csv" in said
    assert "not made by the last whole run: results/mine.csv" in said
    assert "2 of them wrong" in said


def test_the_same_command_does_not_call_a_changed_result_good(copy: WholeRun) -> None:
    table = copy.results / "tables" / "fractions.csv"
    times = table.stat()
    table.write_text(table.read_text("utf-8").replace("S,1,", "S,2,", 1), "utf-8")
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))  # which no time tells
    done = copy.run()
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "results/tables/fractions.csv: found a result that was changed" in said
    # as the hint says
    table.unlink()
    assert copy.run("results/tables/fractions.csv").returncode == 0
    assert ask(copy, "verify")[0] == 0


def test_status_counts_what_is_there_and_what_is_not(copy: WholeRun) -> None:
    (copy.results / "S" / "seed1" / "model.pt").unlink()
    code, said = ask(copy, "status")
    assert code == 0, said
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line.strip()}
    assert rows["rule"] == ["done", "running", "missing", "seconds"]
    assert rows["train"][:3] == ["1", "0", "1"]
    assert float(rows["train"][3]) > 0
    assert rows["score"][:3] == ["2", "0", "0"]
    # nothing is made for it
    assert not (copy.results / "S" / "seed1" / "model.pt").exists()


@pytest.mark.parametrize("target", ["status", "verify"])
def test_looking_leaves_the_lock_of_a_run_that_works_here(copy: WholeRun, target: str) -> None:
    lock = copy.directory / ".snakemake" / "locks" / "0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/summary.csv\n", "utf-8")
    code, said = ask(copy, target)
    assert code == 0, said
    assert lock.exists()
    done = copy.run("--forceall")
    assert done.returncode != 0
    assert "cannot be locked" in done.stdout + done.stderr


def test_a_result_of_the_future_is_named_and_once_touched_holds_up_no_run(copy: WholeRun) -> None:
    budget = copy.results / "tables" / "uncertainty_budget.csv"
    later = time.time() + 10 * 365 * 86_400
    os.utime(budget, (later, later))
    figure = copy.results / "figures" / "uncertainty_budget.png"
    figure.unlink()
    done = copy.run("results/figures/uncertainty_budget.png")
    assert done.returncode != 0
    assert "than input results/tables/uncertainty_budget.csv" in done.stdout + done.stderr
    budget.touch()
    done = copy.run("results/figures/uncertainty_budget.png")
    assert done.returncode == 0, done.stderr
    assert figure.exists()
