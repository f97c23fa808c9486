"""What the workflow itself costs, beside an empty Snakemake workflow of as many jobs."""

import ast
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[1]
EMPTY = """
MODELS, SEEDS = range({models}), range({seeds})
rule all:
    input: expand("{{m}}/{{s}}/{{last}}", m=MODELS, s=SEEDS, last=["clusters", "figures"])
rule samples:
    output: "samples"
    shell: "touch {{output}}"
rule train:
    input: "samples"
    output: "{{m}}/{{s}}/model"
    shell: "touch {{output}}"
rule score:
    input: "samples", "{{m}}/{{s}}/model"
    output: "{{m}}/{{s}}/scores"
    shell: "touch {{output}}"
rule clusters:
    input: "{{m}}/{{s}}/scores"
    output: "{{m}}/{{s}}/clusters"
    shell: "touch {{output}}"
rule figures:
    input: "{{m}}/{{s}}/scores", "{{m}}/{{s}}/clusters"
    output: "{{m}}/{{s}}/figures"
    shell: "touch {{output}}"
"""
# what the rules of the workflow have beside files and a command
FURNISHED = """    message: "{{{{wildcards}}}}"
    params: made=lambda wildcards: dict(wildcards.items())
    log: "logs/{rule}/{job}.log"
    benchmark: "benchmarks/{rule}/{job}.tsv"
    threads: lambda wildcards: 1
    resources: mem_mb=lambda wildcards, attempt: attempt, runtime=lambda wildcards, attempt: attempt
    conda: "environment.yaml"
    script: "empty.py"
"""
SCRIPTS = """
rule all:
    input: expand("{number}", number=range(JOBS))
rule job:
    output: "{number}"
    script: "empty.py"
"""
SNAKEMAKE_OWN = "import snakemake.script"  # in every script
SHOWN = ("measure_detection", "train")  # rules of two kinds of job


def seconds(*command: str, directory: Path, repeats: int = 3) -> tuple[float, str]:
    """Median time of a command, and what it printed."""
    times, printed = [], ""
    for _ in range(repeats):
        started = time.monotonic()
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
        times.append(time.monotonic() - started)
        printed = done.stdout + done.stderr
    return statistics.median(times), printed


def dry(snakefile: Path, directory: Path, *more: str, repeats: int = 3) -> tuple[float, int]:
    """Time of a dry run, and the number of its jobs."""
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", "rules", "-s", str(snakefile)]
    taken, printed = seconds(*command, *more, directory=directory, repeats=repeats)
    found = re.search(r"^total\s+(\d+)", printed, re.M)
    return taken, int(found[1]) if found else 0


def furnished(empty: str) -> str:
    """The empty workflow, its rules with what those of ours have; scripts in place of commands."""

    def one(found: re.Match[str]) -> str:
        job = "all" if found["rule"] == "samples" else "{{m}}_{{s}}"
        return found["files"] + FURNISHED.format(rule=found["rule"], job=job)

    rule = re.compile(r"(?P<files>rule (?P<rule>\w+):\n(?:    (?:in|out)put:.*\n)+)    shell:.*\n")
    return rule.sub(one, empty)


def imports(rule: str) -> float:
    """Seconds until the script of a rule has imported what it names."""
    script = REPOSITORY / "workflow" / "scripts" / f"{rule}.py"  # named after its rule
    found = [
        ast.unparse(statement)
        for statement in ast.parse(script.read_text("utf-8")).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
    ]
    code = "\n".join([SNAKEMAKE_OWN, *found])
    taken, _ = seconds(sys.executable, "-c", code, directory=script.parent)
    return taken


def of_demo(own: float) -> list[dict[str, Any]]:
    """Rows of the demo: the share of its time that its jobs take before they begin, and a second
    run that finds nothing to do. `own` is what Snakemake's own imports for a script take, in s.
    """
    snakemake = (sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        given = ("-s", str(REPOSITORY / "Snakefile"))
        given += ("--configfile", str(REPOSITORY / "config" / "demo.yaml"))
        _, planned = seconds(*snakemake[:3], "-n", "--quiet", "rules", *given, directory=place)
        counts = dict(re.findall(r"^(\w+)\s+(\d+)$", planned, re.M))
        taken, _ = seconds(*snakemake, *given, directory=place, repeats=1)
        again, _ = seconds(*snakemake, *given, directory=place)
    jobs = int(counts.pop("total"))
    del counts["all"]  # it has no script
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "Snakefile").write_text(SCRIPTS.replace("JOBS", str(jobs - 1)))
        (place / "empty.py").write_text("open(snakemake.output[0], 'w').close()\n")
        whole, _ = seconds(*snakemake, directory=place, repeats=1)
        nothing, _ = seconds(*snakemake, directory=place)
    spent = sum(int(count) * (imports(rule) - own) for rule, count in counts.items())
    before = whole - nothing + spent / 2
    return [
        {
            "what": f"the demo, {jobs} jobs on 2 cores",
            "alternative": f"{before:.0f} s, starts of jobs ({whole - nothing:.0f} s) and imports",
            "oddjet": f"{taken:.0f} s in all",
            "ratio": before / taken,
        },
        {
            "what": "the demo again: nothing to do",
            "alternative": f"{nothing:.1f} s, an empty workflow of {jobs} jobs",
            "oddjet": f"{again:.1f} s",
            "ratio": nothing / again,
        },
    ]


def measure(large: bool = True) -> list[dict[str, Any]]:
    """Rows of the table: dry runs of small and large graphs, and what a job imports."""
    rows = []
    for models, seeds in [(2, 5), *([(50, 40)] if large else [])]:
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            (place / "Snakefile").write_text(EMPTY.format(models=models, seeds=seeds))
            config = {
                "models": {f"M{number}": {"latent": number + 1} for number in range(models)},
                "seeds": list(range(seeds)),
            }
            (place / "config.yaml").write_text(yaml.safe_dump(config))
            repeats = 3 if models < 10 else 1
            floor, empty = dry(place / "Snakefile", place, repeats=repeats)
            (place / "furnished.smk").write_text(
                furnished(EMPTY).format(models=models, seeds=seeds)
            )
            (place / "empty.py").touch()
            (place / "environment.yaml").write_text("channels: [conda-forge]\n")
            alike, _ = dry(place / "furnished.smk", place, repeats=repeats)
            given = ("--configfile", str(place / "config.yaml"))
            ours, jobs = dry(REPOSITORY / "Snakefile", place, *given, repeats=repeats)
        for kind, taken in (
            ("an empty workflow", floor),
            ("one whose rules have what ours have", alike),
        ):
            rows.append(
                {
                    "what": f"dry run, {models} models x {seeds} seeds",
                    "alternative": f"{taken:.1f} s, {kind}, {empty:,} jobs",
                    "oddjet": f"{ours:.1f} s, {jobs:,} jobs",
                    "ratio": taken / empty / (ours / jobs),
                }
            )
    own, _ = seconds(sys.executable, "-c", SNAKEMAKE_OWN, directory=REPOSITORY)
    for rule in SHOWN:
        taken = imports(rule)
        rows.append(
            {
                "what": f"imports of a job of `{rule}`",
                "alternative": f"{own:.2f} s, Snakemake's own for a script",
                "oddjet": f"{taken:.2f} s",
                "ratio": own / taken,
            }
        )
    if large:
        rows += of_demo(own)
    return rows
