# Configuration, checked, and every path of the workflow: the one place for both.

import csv
import os
import re
import sys
from functools import cache
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(workflow.basedir, "workflow", "scripts")))

from oddjet.common import parts
from oddjet.planning import drivers
from oddjet.planning.configuration import (
    SHARED,
    compared,
    in_order,
    missing_files,
    model_settings,
    preparations,
    problems,
    replace_as_a_whole,
)
from oddjet.planning.fingerprint import contents, fingerprint, texts
from snakemake.exceptions import WorkflowError
from snakemake.io import is_flagged
from snakemake.utils import validate
from tabulate import tabulate


configfile: str(Path(workflow.basedir, "config", "config.yaml"))


GIVEN = workflow.config_settings.overwrite_config
SCHEMA = Path(workflow.basedir, "workflow", "schemas", "config.schema.yaml")


def checked(config, given):
    """Complete the configuration, or say all that is wrong with it."""
    replace_as_a_whole(config, given)
    found = problems(config, yaml.safe_load(SCHEMA.read_text()))
    if found:
        raise WorkflowError("\n".join(["The configuration cannot be used:", *found]))
    validate(config, str(SCHEMA))  # fills in the defaults of what was replaced
    return in_order(config)


def located(config, given):
    """The samples with paths as they are from the working directory."""
    samples = config["samples"]
    if "course" in samples:
        files = {name: f"{RAW}/{file}" for name, file in COURSE_FILES.items()}
        return {
            "normal": {"file": files.pop("normal")},
            "tests": {
                name: {"file": file} | COURSE_KNOWS[name]
                for name, file in files.items()
            },
        }
    if "samples" not in given:  # those of the repository, wherever it is used from
        for array in [samples["normal"], *samples["tests"].values()]:
            for part in [array, array.get("truth")]:
                if isinstance(part, dict) and "file" in part:
                    part["file"] = os.path.relpath(Path(workflow.basedir, part["file"]))
    found = missing_files(samples, made=SIMULATED)
    if found:
        raise WorkflowError("\n".join(["The configuration cannot be used:", *found]))
    return samples


def one_of(names):
    """A wildcard constraint that allows these names alone."""
    return "|".join(re.escape(str(name)) for name in names)


def code(script):
    """The hash of what a script computes with: a job reruns when it changes."""
    # with conda and containers Snakemake itself compares the environments
    here = not workflow.deployment_settings.deployment_method
    path = Path(workflow.basedir, "workflow", "scripts", script)
    return fingerprint(path, installed=here)


def raw(file):
    """The hash of what is in a raw file: a job reruns when it changes, however old the file is."""
    # what another job makes is followed by Snakemake
    return contents(file) if file and not file.startswith(f"{RESULTS}/") else None


def of_model(name):
    """A setting of the model in the wildcards, as a parameter."""
    return lambda wildcards: SETTINGS[wildcards.model][name]


def threads_of_model(wildcards):
    """Convolutions make use of several cores, dense networks of this size of one."""
    kind = SETTINGS[wildcards.model]["architecture"]["kind"]
    return 4 if kind == "convolutional" else 1


def cards(device):
    """How many GPUs a training takes: none where none is used, so that others run beside it."""
    none_here = workflow.local_exec and not drivers.loaded()
    return 0 if device == "cpu" or (device == "auto" and none_here) else 1


def prepared_normal(wildcards):
    """The normal sample as the model in the wildcards wants it."""
    return PREPARED_NORMAL.format(preparation=PREPARATION_OF[wildcards.model])


def prepared_tests(wildcards):
    """All that is scored, as the model in the wildcards wants it."""
    preparation = PREPARATION_OF[wildcards.model]
    return expand(PREPARED_TEST, preparation=preparation, test=SCORED)


def truth_of(wildcards):
    """The file of a test's truth, or the one `label` of all its jets."""
    truth = SAMPLES["tests"][wildcards.test]["truth"]
    return truth if isinstance(truth, dict) else {"label": truth}


def asked(sample):
    """What is to be read of a sample's file."""
    return {
        name: sample[name]
        for name in ("key", "column", "anomalous", "where", "rows")
        if name in sample
    }


def more(amount):
    """A resource that grows with each attempt."""
    return lambda wildcards, attempt: amount * attempt


def checked_before(file):
    """The check of all samples, as an input as long as `file` does not exist."""
    # not Snakemake's exists(), which sees no wildcards
    return lambda wildcards: (
        [] if Path(file.format(**wildcards)).exists() else SAMPLES_TABLE
    )


def jobs_behind(*targets):
    """Every job that leads to the targets, each with what it is and what it works on."""
    waiting, seen, found = list(targets), set(), []
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        makers = [one for one in workflow.rules if one.is_producer(file)]
        if not makers:  # a raw file
            continue
        maker = makers[0]
        wildcards = maker.get_wildcards(file)
        inputs, *_ = maker.expand_input(wildcards)
        outputs, _ = maker.expand_output(wildcards)
        params, _ = maker.expand_params(wildcards, inputs, outputs, job=None)
        # waited for the first time, and no input afterwards
        waited = [inputs.get("checked")]
        job = {
            "rule": maker.name,
            "wildcards": wildcards,
            "params": dict(params.items()),
            "inputs": sorted({str(file) for file in inputs if file not in waited}),
            "outputs": [str(file) for file in outputs if not is_flagged(file, "temp")],
            "log": str(maker.expand_log(wildcards)),
            "benchmark": maker.benchmark and str(maker.expand_benchmark(wildcards)),
        }
        found.append(job)
        seen.update(str(file) for file in outputs)
        waiting += job["inputs"]
    road = [one.name for one in workflow.rules]
    return sorted(found, key=lambda job: (road.index(job["rule"]), job["outputs"]))


def figure(name, caption, category, **labels):
    """PNG (with its place in Snakemake's report) and PDF of a figure."""
    stem = f"{FIGURES}/{name}"
    text = f"../report/{caption}.rst"
    png = report(f"{stem}.png", caption=text, category=category, labels=labels)
    return [png, f"{stem}.pdf"]


def table(name):
    """A table, with its place in Snakemake's report."""
    labels = {"table": name}
    text = "../report/table.rst"
    csv = report(f"{TABLES}/{name}.csv", caption=text, category="Tables", labels=labels)
    return csv


def needs_truth(target, results):
    """What a target makes, or an error where no truth is given."""

    def found(wildcards):
        if TRUTHS:
            return results
        raise WorkflowError(
            f"The target {target} needs labelled jets: found no samples.tests.NAME.truth, expected "
            "at least one. Hint: run it on a simulation (snakemake simulate), or on the demo input."
        )

    return found


def printable(summary):
    """The summary as a table for the terminal."""
    with open(summary, newline="") as file:
        return tabulate(csv.DictReader(file), headers="keys", floatfmt=".3f")


config = checked(config, GIVEN)

# paths
RESULTS = config["results"].rstrip("/")
SIMULATED = f"{RESULTS}/simulation"
SIMULATED_JETS = f"{SIMULATED}/batches/{{process}}_{{batch}}.h5"
SIMULATED_EVENTS = f"{SIMULATED}/batches/events/{{process}}_{{batch}}.h5"
RAW = f"{RESULTS}/raw/{config['samples'].get('course')}"
COURSE_FILES = {"normal": "Normal_data.npz"} | {
    test: f"Test_data_{test}.npz" for test in ("low", "high")
}
# the course says so of its tests
COURSE_KNOWS = {"low": {"at_most": 0.45}, "high": {"at_least": 0.55}}
PREPARED_NORMAL = f"{RESULTS}/prepared/{{preparation}}/normal.h5"
PREPARED_TEST = f"{RESULTS}/prepared/{{preparation}}/tests/{{test}}.h5"
PREPARED_TRUTH = f"{RESULTS}/prepared/truth/{{test}}.h5"
TRAINED = f"{RESULTS}/{{model}}/seed{{seed}}/model.pt"
CHECKPOINT = f"{RESULTS}/{{model}}/seed{{seed}}/checkpoint.pt"
HISTORY = f"{RESULTS}/{{model}}/seed{{seed}}/history.csv"
SCORES = f"{RESULTS}/{{model}}/seed{{seed}}/scores.h5"
RECONSTRUCTIONS = f"{RESULTS}/{{model}}/seed{{seed}}/reconstructions.h5"
CLUSTERS = f"{RESULTS}/{{model}}/seed{{seed}}/clusters.h5"
BASELINES = f"{RESULTS}/baselines/seed{{seed}}/scores.h5"
SUPERVISED = f"{RESULTS}/baselines/seed{{seed}}/supervised.h5"
SUPERVISED_HISTORY = f"{RESULTS}/baselines/seed{{seed}}/supervised_history.csv"
SUPERVISED_NETWORKS = f"{RESULTS}/baselines/seed{{seed}}/supervised.pt"
PREDICTIONS = f"{RESULTS}/baselines/seed{{seed}}/predictions/{{network}}_{{test}}.npy"
TABLES = f"{RESULTS}/tables"
SAMPLES_TABLE = f"{TABLES}/samples.csv"
FIGURES = f"{RESULTS}/figures"
COVERAGE = f"{RESULTS}/coverage"
COVERAGE_RESULTS = [
    f"{TABLES}/coverage.csv",
    *(f"{FIGURES}/coverage.{suffix}" for suffix in ("png", "pdf")),
]
BENCHMARK_PAGE = f"{RESULTS}/benchmark.html"
SUMMARY = f"{RESULTS}/summary.csv"
PAGE = f"{RESULTS}/summary.html"
LOGS = f"{RESULTS}/logs"
BENCHMARKS = f"{RESULTS}/benchmarks"
PROVENANCE = f"{RESULTS}/provenance.json"

# what there is to do
SAMPLES = located(config, GIVEN)
TESTS = list(SAMPLES["tests"])
# what is prepared and scored like a test: with simulated anomalous jets, if they are given
SIGNAL = {parts.SIGNAL: SAMPLES["signal"]} if "signal" in SAMPLES else {}
SCORED = SAMPLES["tests"] | SIGNAL
TRUTHS = [test for test, sample in SAMPLES["tests"].items() if "truth" in sample]
UNLABELLED = [test for test in TESTS if test not in TRUTHS]
MODELS = list(config["models"])
SEEDS = config["seeds"]
# supervised ones learn from truth
NETWORKS = config["supervised"]["networks"] if TRUTHS else {}
# models of the benchmark alone lie in a folder of their own
COMPARED = {
    group: {f"compared/{name}": model for name, model in models.items()}
    for group, models in compared(config).items()
}
COMPARED_GROUPS = {group: list(models) for group, models in COMPARED.items()}
COMPARED_GROUPS["models"] = [*MODELS, *COMPARED_GROUPS["models"]]
SETTINGS = model_settings(
    config["models"]
    | {k: v for models in COMPARED.values() for k, v in models.items()},
    config,
)
# what is prepared: as the configuration says, and for each model that wants something else
PREPARATIONS, PREPARATION_OF = preparations(SETTINGS, config["preprocessing"])
SHARED_NORMAL = PREPARED_NORMAL.format(preparation=SHARED)
SHARED_TEST = PREPARED_TEST.replace("{preparation}", SHARED)
# how fractions are estimated from scores
CUT = {name: config["fraction"][name] for name in ("max_fpr", "fpr_confidence")}
ESTIMATION = CUT | {name: config["fraction"][name] for name in ("anchor", "bootstrap")}
# figures of one training, and where they stand in Snakemake's report
SEED_FIGURES = {
    "reconstructions": "Training",
    "errors": "Scores",
    "latent": "Scores",
    "clusters": "Clusters",
    "cluster_errors": "Clusters",
}
ALL_FIGURES = expand(
    f"{FIGURES}/{{model}}/seed{{seed}}/errors.png", model=MODELS, seed=SEEDS
)
ALL_PREDICTIONS = expand(PREDICTIONS, network=NETWORKS, seed=SEEDS, test=UNLABELLED)
# figures of a supervised network
SUPERVISED_FIGURES = ("learning_curves", "output", "roc")
