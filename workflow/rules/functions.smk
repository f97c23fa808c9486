# Parameters, resources and outputs that rules of several stages share.

import csv
import os
import re
from functools import cache
from importlib.util import find_spec

from oddjet.common.errors import InputError
from oddjet.common.files import refuse_others
from oddjet.common.messages import warnings
from oddjet.estimate import declared
from oddjet.planning import plugins
from oddjet.planning.contents import contents, refuse_changed
from oddjet.planning.fingerprint import fingerprint, texts
from oddjet.watch.lost import still_queued
from snakemake.common import async_run
from snakemake.io import IOFile
from snakemake.logging import logger
from snakemake.settings.enums import RerunTrigger
from tabulate import tabulate

# of files that a preparation reads, a tenth of what is usual
MB_A_MINUTE = 20


def one_of(names):
    """A wildcard constraint that allows these names alone; of none, nothing."""
    return "|".join(re.escape(str(name)) for name in names) or "(?!)"


def code(script, *loaded):
    """
    The hash of what a script computes with: a job reruns when it changes. `loaded` are modules that
    the script loads by their names, each a list or a function of the wildcards.
    """
    # with conda and containers Snakemake itself compares the environments
    here = not workflow.deployment_settings.deployment_method
    path = WORKFLOW / "scripts" / script

    @cache
    def of(names):
        return fingerprint(path, names, here)

    def of_job(wildcards):
        found = [part(wildcards) if callable(part) else part for part in loaded]
        return of(tuple(name for part in found for name in part))

    return of_job if loaded else of(())


def raw(files):
    """Raw files as an input that reruns a job by `contents_of` them alone."""
    # Snakemake would go by the times of the files
    return [file if is_made(file) else ancient(file) for file in files]


def contents_of(files):
    """The checksums of each raw file, as a parameter: a job reruns when they change."""
    # what another job makes is followed by Snakemake
    return [None if is_made(file) else contents(file) for file in files]


def reader(files):
    """The modules that read raw files."""
    return sorted(
        {module for file in files for module in plugins.of_file(file, is_made(file))}
    )


def prepared_before(shared):
    """The shared preparation of a sample, whose jets every other preparation keeps."""

    def found(wildcards):
        is_shared = wildcards.preparation == configuration.SHARED
        return [] if is_shared else shared.format(**wildcards)

    return found


def files_with_weights(sample):
    """The files of a sample, and behind them those of its weights."""
    return [*sample["file"], *configuration.weight_files(sample)]


def pieces_of(sample):
    """The pieces in which a sample is read, as files; none where it is read as a whole."""
    return [PIECE.format(sample=sample, piece=piece) for piece in IN_PIECES[sample]]


def measured_crop(wildcards):
    """
    The crop of a preparation as a job of its own measures it; none where it is given, or where the
    preparation of the normal sample measures it, which needs no further job.
    """
    if PREPARATIONS[wildcards.preparation]["crop"] != "auto":
        return []
    # once measured it stays: the normal sample may be newer than tests, which would be made anew
    measured = Path(MEASURED_CROP.format(**wildcards)).exists()
    return MEASURED_CROP if IN_PIECES["normal"] or measured else []


def known_crop(wildcards):
    """What says the crop of a preparation to a test; none where the configuration does."""
    if PREPARATIONS[wildcards.preparation]["crop"] != "auto":
        return []
    return measured_crop(wildcards) or PREPARED_NORMAL


def of_piece(name):
    """What `configuration.in_pieces` says of the piece in the wildcards, as a parameter."""
    return lambda wildcards: IN_PIECES[wildcards.sample][wildcards.piece][name]


def piece_files(wildcards):
    """The files of the piece in the wildcards, and behind them those of weights."""
    weights = configuration.weight_files(OF_JETS[wildcards.sample])
    return [*of_piece("file")(wildcards), *weights]


def piece_minutes(wildcards, input, attempt):
    """How long a piece may take: what `minutes_for` says of its share of the files."""
    _, parts = of_piece("part")(wildcards) or (1, 1)
    return attempt * (10 + int(input.size_mb / parts / MB_A_MINUTE))


def minutes_for(minutes):
    """A time that grows with the files that a job reads, and with each attempt."""
    return lambda wildcards, input, attempt: (
        attempt * (minutes + int(input.size_mb / MB_A_MINUTE))
    )


def truth_files(wildcards):
    """The files of a test's truth; none where one label is given for all its jets."""
    return configuration.truth_of(SCORED[wildcards.test]).get("file", [])


def is_made(file):
    """Whether the workflow itself makes a file."""
    return file.startswith(f"{RESULTS}/")


def of_model(name):
    """A setting of the model in the wildcards, as a parameter."""
    return lambda wildcards: SETTINGS[wildcards.model][name]


def anomaly_score(wildcards):
    """The dataset of scores.h5 that is the anomaly score of the model in the wildcards."""
    return parts.TAGGER_SCORE if wildcards.model == WEAK else ANOMALY_SCORE


def overdispersion(wildcards):
    """By how much jets of a test fluctuate more than independent ones, by the model in the wildcards."""
    return parts.OVERDISPERSION if wildcards.model == WEAK else 1.0


def checks_of(model):
    """The names of the checks that are made of a model."""
    return [
        name
        for name, check in declared.CHECKS.items()
        if model == WEAK or not check.of_tagger
    ]


def kind_and(error):
    """The modules of the kind and of the loss or error of the model in the wildcards."""

    def loaded(wildcards):
        settings = SETTINGS[wildcards.model]
        return plugins.of_model(settings["architecture"], settings[error])

    return loaded


def more(amount):
    """A resource that grows with each attempt."""
    return lambda wildcards, attempt: amount * attempt


def checked_before(file):
    """
    The check of all samples, as an input as long as `file` does not exist; and afterwards, where
    Snakemake reruns a job whose set of input files is another.
    """

    def waited_for(wildcards):
        # not Snakemake's exists(), which sees no wildcards
        if not Path(file.format(**wildcards)).exists():
            return SAMPLES_TABLE
        say_what_repeats()
        return SAMPLES_TABLE if RerunTrigger.INPUT in workflow.rerun_triggers else []

    return waited_for


@cache
def say_what_repeats():
    """
    Warn of triggers that profiles/default turns off. While a workflow is parsed Snakemake has none
    yet, so that it could not set them; and they are for all rules, those of others among them.
    """
    unwanted = workflow.rerun_triggers & {RerunTrigger.CODE, RerunTrigger.INPUT}
    if unwanted and workflow.is_main_process:
        logger.warning(
            "Finished work may be repeated: profiles/default is not read, and scripts and tests "
            "count by their times. Hint: give --rerun-triggers mtime params software-env "
            "--max-checksum-file-size 1TB, or set both in your own profile."
        )


def what_is_gone():
    """Which files of patterns the last run had and this one does not find, a sentence each."""
    before, samples = TABLE.format(table="sources"), config["samples"]
    if "course" in samples or not Path(before).exists():
        return []
    return configuration.gone(samples, rows_of(before))


def table(name):
    """A table, with its place in Snakemake's report."""
    return report(
        TABLE.format(table=name),
        caption="../report/table.rst",
        category="Tables",
        labels={"table": name},
    )


def figures_of(rule):
    """
    The figures of a rule as its outputs, by name. Each is a PNG, with its place in Snakemake's
    report, and a PDF.
    """
    made = {}
    for name, figure in drawn_by(rule).items():
        labels = {"figure": figure.title}
        for wildcard in ("model", "seed"):
            if f"{{{wildcard}}}" in figure.path:
                labels[wildcard] = f"{{{wildcard}}}"
        if "{network}" in figure.path:
            labels["model"] = "supervised_{network}"
        png = report(
            f"{FIGURES}/{figure.path}.png",
            caption=f"../report/{name}.rst",
            category=figure.category,
            labels=labels,
        )
        made[name] = [png, f"{FIGURES}/{figure.path}.pdf"]
    return made


def figure_of(name, **wildcards):
    """The PNG of a figure."""
    return f"{FIGURES}/{DRAWN[name].path.format(**wildcards)}.png"


def shown(section, **wildcards):
    """The PNGs of a section of the page, by the names of the figures."""
    return {
        name: figure_of(name, **wildcards)
        for name in in_section(section, with_truth=bool(TRUTHS))
    }


def needs_truth(target, results):
    """What a target makes, or an error where no truth is given."""

    def found(wildcards):
        if TRUTHS:
            return results
        raise refusal(
            f"The target {target} needs labelled jets: found no samples.tests.NAME.truth, expected "
            "at least one. Hint: run it on a simulation (snakemake simulate), or on the demo input."
        )

    return found


def unchanged_since_made():
    """No input; an error where a result was changed since it was made, which no time may tell."""

    def none(wildcards):
        if workflow.is_main_process:
            jobs = RESULT_JOBS()
            results = [file for job in jobs for file in job["outputs"]]
            try:
                refuse_changed([*results, PROVENANCE])
            except InputError as error:
                raise refusal(str(error))
            for job in jobs:
                refuse_of_others(map(IOFile, job["outputs"]), job["params"])
        return []

    return none


def take_over():
    """Take over what jobs of a lost run made, and refuse to make it twice while they still run."""
    if running := still_queued():
        raise refusal(
            f"{', '.join(running)}: found SLURM jobs of a run whose Snakemake was lost, which still "
            "wait or run; expected none, since two would make the same results. Hint: give the same "
            f"command again when they have ended (squeue --me), or end them: scancel {' '.join(running)}"
        )
    for job in workflow.dag.jobs:
        if not workflow.dag.needrun(job) and any(map(unrecorded, job.output)):
            refuse_of_others(job.output, dict(job.params.items()))
            async_run(workflow.persistence.finished(job))


def refuse_of_others(results, params):
    """Refuse results without a record that were made with other parameters, as an error of ours."""
    try:
        for file in filter(unrecorded, results):
            refuse_others(file, params)
    except InputError as error:
        raise refusal(str(error))


def unrecorded(file):
    """Whether a result is there of which Snakemake does not know how it was made."""
    return os.path.exists(file) and workflow.persistence.metadata(file) is None


def needs_packages(target, packages, requirements, results):
    """What a target makes, or an error where packages that it needs are not installed."""

    def found(wildcards):
        # with conda and containers they are in an environment that is still to be made
        here = not workflow.deployment_settings.deployment_method
        missing = [name for name in packages if here and not find_spec(name)]
        if not missing:
            return results
        raise refusal(
            f"The target {target} needs packages that are not installed: {', '.join(missing)}. "
            f"Hint: pip install -r {WORKFLOW.parent / requirements}"
        )

    return found


def rows_of(table):
    """The rows of a table, by the names of its columns."""
    with open(table, newline="") as file:
        return list(csv.DictReader(file))


def printable(summary):
    """The summary as a table for the terminal, without the warnings, which are said below it."""
    rows = [
        {name: cell for name, cell in row.items() if name != "warnings"}
        for row in rows_of(summary)
    ]
    return tabulate(rows, headers="keys", floatfmt=".3f")


def warned(samples, summary):
    """What is strange about the input and the truth, a line each; empty where nothing is."""
    return "".join(
        f"WARNING {text}\n" for text in warnings(rows_of(samples), rows_of(summary))
    )
