"""The commands of the README and of docs/ do what they say, or it is said why none runs here."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import REPO, WHOLE, WholeRun, write_tiny_samples

PAGES = [
    REPO / "README.md",
    REPO / "CONTRIBUTING.md",
    REPO / "config" / "README.md",
    *sorted(REPO.glob("docs/**/*.md")),
]
PROGRAMS = ("snakemake", "make", "pip", "python", "source", "conda", "git", "export")

# by how a command begins, why it is not run
NOT_RUN = {
    "make demo": "makes a fresh environment from a package index",
    "make test": "it is what runs this",
    "make lint": "`make test` begins with it",
    "python benchmarks/": "measures for minutes, on a GPU or on a finished run",
    "make performance": "measures for minutes, in an environment of its own",
    "source .venv/bin/activate": "the tests run in that environment",
    "pip install": "needs a package index",
    "snakemake --profile profiles/slurm": "needs Slurm: tests/slurm",
    "snakemake simulate": "needs Pythia: tests/dag/test_simulate.py",
    "snakemake --cores 8 simulate": "the same",
    "python docs/generate.py": "tests/unit/test_docs.py",
    "python -m oddjet.apply": "tests/unit/test_onnx_scores.py",
    "python -m tests.faults": "tests/faults",
    "export XDG_CACHE_HOME": "a place of the user's",
    "pandoc": "is no package of Python's",
    "rocrate-validator": "tests/workflow/test_publish.py",
}
# what would train for minutes is planned alone
PLANNED = (
    "coverage",
    "benchmark",
    "publish",
    "results/publication/",
    "config/studies/",
    "-s REPO/Snakefile",
    "my_study.yaml",
)


def commands() -> list[str]:
    """Those in blocks for the console, and those in the text, without comments."""
    found: dict[str, None] = {}
    for page in PAGES:
        text = page.read_text("utf-8")
        for block in re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL):
            for line in re.sub(r"\\\n", " ", block).splitlines():
                found[" ".join(shlex.split(line.removeprefix("$ "), comments=True))] = None
        within = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
        for command in within:
            program, _, rest = command.partition(" ")
            if program in PROGRAMS and rest:
                found[" ".join(command.split())] = None
    return [command for command in found if command]


def not_run(command: str) -> str | None:
    return next((why for start, why in NOT_RUN.items() if command.startswith(start)), None)


def arguments(command: str, code: Path) -> list[str]:
    """Those of Snakemake, with a configuration and a number of cores of the test's own."""
    given = shlex.split(command)[1:]
    config, left = "my.yaml", []
    while given:
        match given.pop(0):
            case "--cores":
                given.pop(0)
            case "-s":
                given.pop(0)
            case "--configfile":
                named = given.pop(0)
                config = named if named.startswith("config/") else config
            case other:
                left.append(other)
    here = ["-s", str(code / "Snakefile"), "--configfile", config, "--cores", "2"]
    return [*here, *left]


def snakemake(line: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    (directory / "my.yaml").write_text(yaml.safe_dump(WHOLE, sort_keys=False), "utf-8")
    command = [sys.executable, "-m", "snakemake", *line]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True)


RUN = [command for command in commands() if not not_run(command)]
# some differ in the number of cores alone, which is the test's own
DIFFERENT = list({" ".join(arguments(command, REPO)): command for command in RUN}.values())


def test_commands_are_found_and_what_is_not_run_is_still_there() -> None:
    found = commands()
    assert "snakemake --report report.html" in found
    assert "snakemake --cores 1 --quiet all --configfile my.yaml -- verify" in found
    assert all(command.startswith("snakemake ") for command in RUN)
    mentioned = [start for start in NOT_RUN if any(one.startswith(start) for one in found)]
    assert set(NOT_RUN) - set(mentioned) == set()


@pytest.mark.parametrize(
    "command", [one for one in DIFFERENT if any(part in one for part in PLANNED)]
)
def test_command_can_be_planned(command: str, tmp_path: Path) -> None:
    for folder in ("config", "resources", "profiles"):
        (tmp_path / folder).symlink_to(REPO / folder)
    line = arguments(command, REPO)
    place = tmp_path
    if "--directory" in line:
        place = tmp_path / line[line.index("--directory") + 1]
    write_tiny_samples(place)
    done = snakemake([*line[:6], "-n", *line[6:]], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Job stats" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the whole run: the commands leave files beside the results."""
    return Path(shutil.copytree(whole_run.directory, tmp_path_factory.mktemp("commands") / "run"))


@pytest.mark.parametrize(
    "command", [one for one in DIFFERENT if not any(part in one for part in PLANNED)]
)
def test_command_runs(command: str, whole_run: WholeRun, place: Path) -> None:
    done = snakemake(arguments(command, whole_run.code), place)
    assert done.returncode == 0, done.stdout + done.stderr
    if "report.html" in command:
        report = (place / "report.html").read_text("utf-8")
        assert "summary.html" in report
