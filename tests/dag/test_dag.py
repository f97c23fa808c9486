"""Which jobs a change brings, as differences between sets of (rule, output file)."""

import csv
import io
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import AWKWARD, WHOLE, WholeRun, snakemake_arguments
from planning import ask

Made = set[tuple[str, str]]  # (rule, output file below results/)


@dataclass(frozen=True)
class Plan:
    """Everything in the graph, what of it would be made now, and the inputs that were recorded."""

    everything: Made
    pending: Made
    made_from: Mapping[str, set[str]]  # the inputs of each output that there is

    def inputs(self, rule: str) -> set[str]:
        """All files that a rule was given."""
        outputs = {output for other, output in self.everything if other == rule}
        return set().union(*(self.made_from[output] for output in outputs))


def plan(
    run: WholeRun,
    config: Mapping[str, Any] = WHOLE,
    directory: Path | None = None,
    packages: Path | None = None,
    targets: Sequence[str] = (),
) -> Plan:
    """What Snakemake would do, with the distributions in `packages` before those installed.

    For all that the workflow makes unless `targets` are given.

    Read from `--detailed-summary`, a tab-separated table with a row per output file: its rule, the
    inputs it was made from, and whether an update is pending. The text of a dry run is no
    substitute: for a rule with a message it names neither rule nor files; and `--dag` leaves out
    the wildcards that a job shares with its inputs.
    """
    place = directory or run.directory
    line = snakemake_arguments(
        *(*targets, "--detailed-summary", "--quiet"),
        config=config,
        directory=place,
        snakefile=run.code / "Snakefile",
    )
    printed = ask(line, place, packages)
    table = printed[printed.index("output_file\t") :]
    everything, pending, made_from = set(), set(), {}
    # names hold quotes: no quoting in this table
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        assert row["plan"] in ("update pending", "no update")
        made = (row["rule"], row["output_file"].removeprefix("results/"))
        everything.add(made)
        if row["plan"] == "update pending":
            pending.add(made)
        made_from[made[1]] = set(row["input-file(s)"].split(","))
    return Plan(everything, pending, made_from)


def changed(**parts: Any) -> dict[str, Any]:
    return deepcopy(dict(WHOLE)) | parts


def rules(made: Made) -> set[str]:
    return {rule for rule, _ in made}


def figure(name: str) -> set[str]:
    return {f"figures/{name}.png", f"figures/{name}.pdf"}


def of(rule: str, outputs: set[str]) -> Made:
    return {(rule, output) for output in outputs}


def own_jobs(model: str, seed: int) -> Made:
    """What one training and all that hangs on it alone makes."""
    place = f"{model}/seed{seed}"
    names = ("reconstructions", "scores", "latent", "clusters", "cluster_scores")
    return (
        of("train", {f"{place}/model.pt", f"{place}/history.csv"})
        | of("score", {f"{place}/scores.h5", f"{place}/reconstructions.h5"})
        | of("find_clusters", {f"{place}/clusters.h5"})
        | of("draw_scores", set.union(*(figure(f"{place}/{name}") for name in names)))
    )


ESTIMATED = ("fractions", "checks", "uncertainty_budget", "discovery", "sensitivity")
EXCESSES = ("excess", "excess_peaks", "excess_agreement")


def measured_excess(model: str) -> Made:
    return of("measure_excess", {f"{model}/{name}.csv" for name in EXCESSES})


def merges(model: str) -> Made:
    """What is made of all seeds of a model."""
    return (
        of(
            "estimate_fractions",
            {f"{model}/{name}.csv" for name in ESTIMATED},
        )
        | measured_excess(model)
        | of("measure_purity", {f"{model}/purity.csv"})
        | of("measure_detection", {f"{model}/detection.csv", f"{model}/roc.csv"})
        | of("draw_training", figure(f"{model}/learning_curves"))
        | of("draw_roc", figure(f"{model}/roc") | figure(f"{model}/latent_classes"))
    )


TABLES = {
    f"tables/{name}.csv"
    for name in (*ESTIMATED, *EXCESSES, "purity", "detection", "training", "tagger")
}
SUMMARY: Made = (
    of("summarise", {"summary.csv", *TABLES})
    | of(
        "draw_fractions",
        figure("fractions") | figure("uncertainty_budget") | figure("sensitivity"),
    )
    | of("draw_excess", figure("excess") | figure("excess_images"))
    | of("write_page", {"summary.html"})
    | of("record_provenance", {"provenance.json"})
)
SCORED = (AWKWARD, "high", "signal")
SAMPLES: Made = (
    of("prepare_normal", {"prepared/shared/normal.h5"})
    | of("prepare_test", {f"prepared/shared/tests/{name}.h5" for name in SCORED})
    | of("prepare_truth", {"prepared/truth/high.h5"})
)


def supervised(seed: int, networks: tuple[str, ...] = ("cnn",)) -> Made:
    """What networks that are told labels make: themselves, and predictions where none are given."""
    place = f"baselines/seed{seed}"
    made = {f"{place}/supervised{suffix}" for suffix in (".h5", ".pt", "_history.csv")}
    predicted = {f"{place}/predictions/{network}_{AWKWARD}.npy" for network in networks}
    return of("supervise", made) | of("predict", predicted)


def drawn(network: str) -> Made:
    names = ("learning_curves", "output", "roc")
    figures = (figure(f"supervised/{network}/{name}") for name in names)
    return of("draw_supervised", set.union(*figures))


def trees(seed: int) -> Made:
    return of("supervise_trees", {f"baselines/seed{seed}/supervised_trees.h5"})


TREES: Made = trees(1) | trees(2)
SUPERVISED: Made = supervised(1) | supervised(2) | drawn("cnn") | TREES
SCORED_BASELINES: Made = SUPERVISED | of(
    "score_baselines", {f"baselines/seed{seed}/scores.h5" for seed in (1, 2)}
)
MEASURED_BASELINES: Made = of("measure_baselines", {"baselines/detection.csv", "baselines/roc.csv"})
CHECK: Made = of("check_samples", {"tables/samples.csv", "tables/sources.csv"})
DRAWN: Made = of("draw_samples", figure("examples") | figure("means") | figure("crop"))


def tagged(seed: int) -> Made:
    """What the training of the weak tagger makes."""
    names = ("scores.h5", "tagger.h5", "learnt.csv")
    return of("train_tagger", {f"weak/seed{seed}/{name}" for name in names})


TAGGED: Made = tagged(1) | tagged(2)
# what is made of its scores, beside the comparison with truth
TAGGER: Made = (
    of(
        "estimate_fractions",
        {f"weak/{name}.csv" for name in ESTIMATED},
    )
    | measured_excess("weak")
    | of("compare_features", {"tables/features.csv"})
    | of("draw_tagger", figure("weak/scores") | figure("weak/features"))
)
EVALUATED_TAGGER: Made = of(
    "measure_detection", {f"weak/{name}.csv" for name in ("detection", "roc")}
) | of("draw_tagger_roc", figure("weak/roc"))
CLASSES: Made = of("draw_classes", figure("quantities") | figure("pca_plane"))


@contextmanager
def restored(*paths: Path) -> Iterator[None]:
    """Bring files back as they were, content and time."""
    before = [(path, path.read_bytes(), path.stat()) for path in paths]
    try:
        yield
    finally:
        for path, content, times in before:
            path.write_bytes(content)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


# The whole graph


def test_the_graph_is_what_the_samples_models_and_seeds_ask_for(whole_run: WholeRun) -> None:
    expected = SAMPLES | CHECK | DRAWN | own_jobs("S", 1) | own_jobs("S", 2) | merges("S") | SUMMARY
    expected |= SCORED_BASELINES | MEASURED_BASELINES | CLASSES
    expected |= TAGGED | TAGGER | EVALUATED_TAGGER
    assert plan(whole_run).everything == expected


def test_in_an_empty_folder_everything_is_to_do(whole_run: WholeRun, tmp_path: Path) -> None:
    shutil.copytree(whole_run.directory / "raw", tmp_path / "raw")
    found = plan(whole_run, directory=tmp_path)
    assert found.pending == found.everything


# Nothing to do


def test_after_a_run_there_is_nothing_to_do(whole_run: WholeRun) -> None:
    assert plan(whole_run).pending == set()
    done = whole_run.run("-n")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_touching_every_input_and_all_code_brings_no_job(whole_run: WholeRun) -> None:
    # the files are small, and Snakemake compares their checksums
    raw = [path for path in (whole_run.directory / "raw").iterdir() if path.is_file()]
    code = [path for path in whole_run.code.rglob("*") if path.is_file()]
    assert len(raw) >= 4
    assert len(code) > 50
    with restored(*raw, *code):
        for path in (*raw, *code):
            path.touch()
        assert plan(whole_run).pending == set()


def test_a_default_written_out_brings_no_job(whole_run: WholeRun) -> None:
    # the same configuration, its keys in another order
    training = {"patience": 10, "learning_rate": 1.0e-3} | WHOLE["training"]
    assert plan(whole_run, changed(training=training)).pending == set()


# Something to do


def test_to_share_gpus_trains_nothing_anew(whole_run: WholeRun) -> None:
    after = plan(whole_run, changed(training=WHOLE["training"] | {"per_gpu": 4}))
    assert rules(after.pending) == {"record_provenance", "write_page"}  # they say how it was run


def test_another_seed_adds_its_own_jobs_and_no_other_training(whole_run: WholeRun) -> None:
    before, after = plan(whole_run), plan(whole_run, changed(seeds=[1, 2, 3]))
    added = own_jobs("S", 3) | of("score_baselines", {"baselines/seed3/scores.h5"})
    added |= supervised(3) | trees(3) | tagged(3)
    assert after.everything - before.everything == added
    assert before.everything - after.everything == set()
    merged = merges("S") | TAGGER | EVALUATED_TAGGER
    assert after.pending == added | drawn("cnn") | merged | MEASURED_BASELINES | SUMMARY


def test_another_model_adds_its_own_jobs_and_the_merges(whole_run: WholeRun) -> None:
    before = plan(whole_run)
    after = plan(whole_run, changed(models=WHOLE["models"] | {"L": {"latent": 4}}))
    added = own_jobs("L", 1) | own_jobs("L", 2) | merges("L")
    assert after.everything - before.everything == added
    assert before.everything - after.everything == set()
    assert after.pending == added | SUMMARY


def test_another_test_is_scored_and_retrains_nothing(whole_run: WholeRun) -> None:
    config = changed()
    config["samples"]["tests"]["extra"] = {"file": "raw/signal.npz"}
    before, after = plan(whole_run), plan(whole_run, config)
    added = of("prepare_test", {"prepared/shared/tests/extra.h5"})
    predictions = {f"baselines/seed{seed}/predictions/cnn_extra.npy" for seed in (1, 2)}
    predicted = of("predict", predictions)
    assert after.everything - before.everything == added | predicted
    assert before.everything - after.everything == set()
    unmoved = {"train", "draw_training", "prepare_normal", "prepare_truth"}
    unmoved |= rules(
        SCORED_BASELINES | MEASURED_BASELINES | CLASSES
    )  # of the tests with truth alone
    kept = {made for made in before.everything if made[0] in unmoved}
    assert predicted <= after.pending
    assert after.everything - after.pending == (kept - predicted) | (SAMPLES - added)


def test_other_clusters_retrain_and_score_nothing(whole_run: WholeRun) -> None:
    after = plan(whole_run, changed(clusters={"components": 3, "bootstrap": 20}))
    # the latents by class are drawn in the plane that lies with the clusters
    moved = {"find_clusters", "draw_scores", "draw_roc", "measure_purity"}
    # the merged tables are one job: a figure of the fractions follows it
    assert rules(after.pending) == moved | rules(SUMMARY)


def test_other_training_settings_redo_all_but_the_samples(whole_run: WholeRun) -> None:
    after = plan(whole_run, changed(training=WHOLE["training"] | {"epochs": 3}))
    unmoved = SCORED_BASELINES | MEASURED_BASELINES | CLASSES
    unmoved |= TAGGED | TAGGER | EVALUATED_TAGGER  # which learns from features, and in its own way
    assert after.everything - after.pending == SAMPLES | CHECK | DRAWN | unmoved


def test_another_limit_of_false_positives_estimates_anew(whole_run: WholeRun) -> None:
    # the check of the samples depends on it as well, and the trainings wait for that check
    found = plan(whole_run, changed(fraction={"max_fpr": 0.2, "bootstrap": 100}))
    moved = {"check_samples", "estimate_fractions", "measure_purity", "measure_detection"}
    moved |= {"draw_scores", "draw_roc", "draw_supervised", "measure_baselines"} | rules(SUMMARY)
    moved |= {"draw_tagger", "draw_tagger_roc", "measure_excess"}
    assert rules(found.pending) == moved


def test_two_changes_at_once_bring_the_jobs_of_both(whole_run: WholeRun) -> None:
    changes = {
        "fraction": {"max_fpr": 0.2, "bootstrap": 100},
        "training": WHOLE["training"] | {"epochs": 3},
    }
    found = plan(whole_run, changed(**changes))
    kept = SAMPLES | DRAWN | SCORED_BASELINES | CLASSES | TAGGED
    kept |= of("compare_features", {"tables/features.csv"})
    assert found.everything - found.pending == kept - drawn("cnn")


# Supervised networks


def test_another_network_adds_its_predictions_and_figures_and_learns_with_the_others(
    whole_run: WholeRun,
) -> None:
    networks = {name: {"inputs": "images"} for name in ("cnn", "other")}
    given = networks | {"trees": {"inputs": "features"}}
    config = changed(supervised=WHOLE["supervised"] | {"networks": given})
    before, after = plan(whole_run), plan(whole_run, config)
    both = supervised(1, tuple(networks)) | supervised(2, tuple(networks))
    added = (both - SUPERVISED) | drawn("other")
    assert after.everything - before.everything == added
    assert after.pending == added | (SUPERVISED - TREES) | MEASURED_BASELINES | SUMMARY


def test_without_networks_nothing_is_supervised(whole_run: WholeRun) -> None:
    before, after = plan(whole_run), plan(whole_run, changed(supervised={"networks": {}}))
    assert before.everything - after.everything == SUPERVISED
    assert after.everything - before.everything == set()
    assert after.pending == MEASURED_BASELINES | SUMMARY


# Truth


def test_without_truth_nothing_is_evaluated(whole_run: WholeRun) -> None:
    config = changed()
    del config["samples"]["tests"]["high"]["truth"]
    before, after = plan(whole_run), plan(whole_run, config)
    assert after.everything - before.everything == set()
    gone = {("summarise", "tables/detection.csv")} | {
        made
        for made in before.everything
        if made[0] in ("prepare_truth", "measure_detection", "draw_roc", "draw_tagger_roc")
    }
    gone |= SCORED_BASELINES | MEASURED_BASELINES | CLASSES
    assert len(rules(gone)) == 12
    assert before.everything - after.everything == gone
    assert not rules(after.pending) & {"train", "score", "estimate_fractions", "find_clusters"}
    assert ("measure_purity", "S/purity.csv") in after.pending
    assert SUMMARY & after.everything <= after.pending


def test_truth_is_an_input_of_evaluation_alone(whole_run: WholeRun) -> None:
    found = plan(whole_run)
    readers = {
        rule for rule in rules(found.everything) if any("truth" in f for f in found.inputs(rule))
    }
    assert "raw/truth.npz" in found.inputs("prepare_truth")
    # check_samples waits for the check of the truth, and opens no truth file
    assert readers == {
        "prepare_truth",
        "check_samples",
        "measure_purity",
        "measure_detection",
        "measure_baselines",
        "supervise",
        "supervise_trees",
        "draw_supervised",
        "draw_roc",
        "draw_classes",
        "draw_excess",
    }


def test_other_truth_retrains_scores_and_estimates_nothing(whole_run: WholeRun) -> None:
    path = whole_run.directory / "raw" / "truth.npz"
    with restored(path):
        with np.load(path) as file:
            truth = dict(file)
        np.savez_compressed(path, **{test: 1 - labels for test, labels in truth.items()})
        found = plan(whole_run)
    assert ("measure_detection", "S/detection.csv") in found.pending
    assert not rules(found.pending) & {
        *("prepare_normal", "prepare_test", "train", "score"),
        *("estimate_fractions", "find_clusters", "draw_training", "draw_scores", "draw_samples"),
    }


@pytest.fixture(scope="module")
def without_truth(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run, brought up to date after its truth was taken away."""
    place = tmp_path_factory.mktemp("without_truth") / "run"
    shutil.copytree(whole_run.directory, place)
    config = changed()
    del config["samples"]["tests"]["high"]["truth"]
    (place / "raw" / "truth.npz").unlink()
    done = whole_run.run("results/summary.csv", config=config, directory=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "results"


def test_without_truth_no_table_has_a_truth_column(
    without_truth: Path, whole_run: WholeRun
) -> None:
    for name in ("tables/purity.csv", "tables/fractions.csv", "summary.csv"):
        with_truth = (whole_run.results / name).read_text("utf-8").splitlines()[0].split(",")
        columns = (without_truth / name).read_text("utf-8").splitlines()[0].split(",")
        assert columns == [column for column in with_truth if not column.endswith("_truth")]
    with (without_truth / "summary.csv").open() as file:
        assert [row["auc"] for row in csv.DictReader(file)] == [""] * 4


def test_truth_changes_no_fraction(without_truth: Path, whole_run: WholeRun) -> None:
    name = "tables/fractions.csv"
    assert (without_truth / name).read_bytes() == (whole_run.results / name).read_bytes()
