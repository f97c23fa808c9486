"""A job reruns if and only if something that it computes from has changed.

For every module of the package, every script and every package that these import: an edit, then
whose hash is another, against what the standard library and the rule files say about imports, and
the jobs themselves about what they loaded by its name. New ones are found and so covered by
themselves. What Snakemake does with another hash is asked for some of each kind.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from conftest import (
    AWKWARD,
    EACH_TEST,
    LOADERS,
    NORMAL,
    REPO,
    SCRIPTS,
    WHOLE,
    WholeRun,
    importers,
    jets,
    loaded_by,
    packages,
    packages_of,
    plugins,
    snakemake_arguments,
    watching,
)
from planning import rehashed
from test_dag import Made, Plan, changed, plan, restored

from oddjet.estimate.declared import CHECKS, ESTIMATORS

IMPORTERS = importers()
PACKAGES = packages()
RULE_FILES = sorted((REPO / "workflow" / "rules").glob("*.smk"))
# an edit that computes something, to a file below workflow/scripts/
EDITED = [*IMPORTERS, *sorted(path.name for path in SCRIPTS.glob("*.py"))]
PAGE = {"write_page", "record_provenance"}  # what shows every table and figure


def rules_of_scripts() -> dict[str, set[str]]:
    """The rules that run each script, as the rule files say."""
    found: dict[str, set[str]] = {}
    for file in RULE_FILES:
        for text in re.split(r"^rule ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            for script in re.findall(r'script:\n\s+"\.\./scripts/(\w+\.py)"', text):
                found.setdefault(script, set()).add(text.split(":")[0])
    return found


def waiting_rules() -> set[str]:
    """Those that wait for the check of all samples once, and do not depend on it afterwards."""
    rules = [
        rule
        for file in RULE_FILES
        for rule in re.split(r"^rule ", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    ]
    return {rule.split(":")[0] for rule in rules if "checked=checked_before(" in rule}


RULES = rules_of_scripts()
WAITING = waiting_rules()


def made_by(whole: Plan, rules: set[str]) -> Made:
    return {made for made in whole.everything if made[0] in rules}


def with_dependents(whole: Plan, made: Made) -> Made:
    """All that is given, and all that is made from it."""
    moved = set(made)
    while True:
        files = {f"results/{output}" for _, output in moved}
        more = {
            (rule, output)
            for rule, output in whole.everything - moved
            for file in whole.made_from[output]
            if file in files and not (rule in WAITING and file.endswith("/samples.csv"))
        }
        if not more:
            return moved
        moved |= more


def users(run: WholeRun, whole: Plan, name: str) -> Made:
    """What is made with a file: by the rules whose scripts import it, and by the jobs, when they
    ran, that loaded it by its name or by way of what they loaded so.
    """
    scripts = IMPORTERS.get(name, {name})
    imported = made_by(whole, set().union(*(RULES[script] for script in scripts)))
    return imported | (run.loaded.get(name, set()) & whole.everything)


def of_model(name: str, made: Made) -> Made:
    """What of it is made with a file, where that is a check of the tagger alone."""
    check = CHECKS.get(Path(name).stem)
    if check and check.of_tagger:
        return {(rule, file) for rule, file in made if file.startswith("weak/")}
    return made


EDIT = "\nEDITED = 1\n"


@contextmanager
def edited(run: WholeRun, name: str) -> Iterator[None]:
    """A file below workflow/scripts that computes something else, for a while."""
    path = run.code / "workflow" / "scripts" / name
    with restored(path):
        path.write_text(path.read_text("utf-8") + EDIT, "utf-8")
        yield


@pytest.fixture(scope="module")
def whole(whole_run: WholeRun) -> Plan:
    return plan(whole_run)


@pytest.fixture(scope="module")
def after_edit(whole_run: WholeRun, whole: Plan) -> Mapping[str, Made]:
    """What is made by the scripts whose hash an edit changes and what depends on it, by edit."""
    line = snakemake_arguments(
        *("--detailed-summary", "--quiet"),
        config=WHOLE,
        directory=whole_run.directory,
        snakefile=whole_run.code / "Snakefile",
    )
    scripts = whole_run.code / "workflow" / "scripts"
    found = rehashed(line, whole_run.directory, scripts, EDITED, EDIT)
    made = {
        name: made_by(whole, set().union(*(RULES[one] for one in moved)))
        for name, moved in found.items()
    }
    return {name: with_dependents(whole, of_model(name, files)) for name, files in made.items()}


def test_every_script_belongs_to_a_rule() -> None:
    assert set(RULES) == {path.name for path in SCRIPTS.glob("*.py")}


@pytest.mark.parametrize("name", EDITED)
def test_edit_reruns_exactly_the_jobs_that_compute_with_it_and_what_depends_on_them(
    whole_run: WholeRun, whole: Plan, after_edit: Mapping[str, Made], name: str
) -> None:
    assert after_edit[name] == with_dependents(whole, users(whole_run, whole, name))


# of every stage; and three that bring no job here
PLANNED = [
    *("oddjet/__init__.py", "oddjet/common/tables.py", "oddjet/planning/figures.py"),
    *("oddjet/prepare/readers/npz.py", "oddjet/train/losses/mse.py", "oddjet/estimate/given.py"),
    *("oddjet/evaluate/supervised.py", "draw_samples.py", "summarise.py", "record_provenance.py"),
    *("oddjet/planning/formats.py", "oddjet/train/models/gan.py", "simulate_jets.py"),
    "oddjet/estimate/checks/background_halves.py",
]


@pytest.mark.parametrize("name", PLANNED)
def test_snakemake_reruns_the_jobs_with_another_hash_and_what_depends_on_them(
    whole_run: WholeRun, after_edit: Mapping[str, Made], name: str
) -> None:
    with edited(whole_run, name):
        assert plan(whole_run).pending == after_edit[name]


def test_edits_of_figures_compute_nothing(after_edit: Mapping[str, Made]) -> None:
    drawing = [name for name in EDITED if "/draw/" in name or name.startswith("draw_")]
    drawing.append("oddjet/planning/figures.py")
    assert len(drawing) >= 19
    for name in drawing:
        rules = {rule for rule, _ in after_edit[name]}
        assert {rule for rule in rules if not rule.startswith("draw_")} <= PAGE


# Modules that jobs load by their names: what is not used brings no job


# of those in each folder of `LOADERS`, what the run used: its models are dense, trained with the
# mean squared error and scored by it, its files are .npz (whose arrays have the header of .npy)
USED = {
    "train/models": ({"dense"}, {"train", "score"}),
    "train/losses": ({"mse"}, {"train", "score"}),
    "prepare/readers": ({"npz", "npy"}, {"prepare_normal", "prepare_test", "prepare_truth"}),
    "estimate/estimators": (set(ESTIMATORS), {"estimate_fractions"}),
    "estimate/checks": (set(CHECKS), {"estimate_fractions"}),
}
PLUGINS = [(folder, name) for folder in LOADERS for name in plugins(folder)]


@pytest.mark.parametrize(("folder", "name"), PLUGINS)
def test_edit_of_a_kind_loss_reader_estimator_or_check_reruns_what_uses_it_alone(
    whole: Plan, after_edit: Mapping[str, Made], folder: str, name: str
) -> None:
    used, rules = USED[folder]
    made = of_model(name, made_by(whole, rules)) if name in used else set()
    expected = with_dependents(whole, made)
    assert after_edit[f"oddjet/{folder}/{name}.py"] == expected


def test_edits_of_estimators_and_checks_cluster_and_train_nothing(
    after_edit: Mapping[str, Made],
) -> None:
    for folder in ("estimators", "checks"):
        for name in plugins(f"estimate/{folder}"):
            rules = {rule for rule, _ in after_edit[f"oddjet/estimate/{folder}/{name}.py"]}
            merged = {"summarise", "draw_fractions", "draw_excess"} | PAGE
            assert rules == {"estimate_fractions", "measure_excess"} | merged


# scripts whose rules neither run makes: they publish, cluster events, and read in pieces
ELSEWHERE = {"export_scores.py", "find_jets.py", "read_piece.py", "measure_crop.py"}


@pytest.mark.parametrize("folder", LOADERS)
def test_modules_are_loaded_by_their_names_in_the_scripts_that_are_known_for_it(
    whole_run: WholeRun, covered: WholeRun, folder: str
) -> None:
    loading = {
        rule
        for run in (whole_run, covered)
        for file, made in run.loaded.items()
        for rule, _ in made
        if Path(file).parent == Path("oddjet", folder) and Path(file).stem in plugins(folder)
    }
    assert loading == set().union(*(RULES[script] for script in LOADERS[folder] - ELSEWHERE))


# ... by the target coverage


@pytest.fixture(scope="module")
def covered(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """A copy of the whole run in which the target coverage was made as well, and its code."""
    place = tmp_path_factory.mktemp("covered")
    code = Path(shutil.copytree(whole_run.code, place / "code", symlinks=True))
    run = WholeRun(Path(shutil.copytree(whole_run.directory, place / "run")), code)
    done = run.run("coverage", environment=watching(place / "watched"))
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = loaded_by(place / "watched", code / "workflow" / "scripts")
    return WholeRun(run.directory, code, loaded)


@pytest.fixture(scope="module")
def to_cover(covered: WholeRun) -> Plan:
    return plan(covered, targets=["coverage"])


MEASURED = {"measure_coverage", "merge_coverage", "draw_coverage"}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        *((f"oddjet/estimate/estimators/{name}.py", MEASURED) for name in ESTIMATORS),
        *((f"oddjet/estimate/checks/{name}.py", MEASURED) for name in CHECKS),
        ("oddjet/estimate/best_bin.py", MEASURED),  # which estimators alone import
        ("oddjet/estimate/purity.py", set()),
        ("oddjet/train/models/convolutional.py", set()),
    ],
)
def test_coverage_is_measured_anew_after_an_edit_of_an_estimator_or_a_check(
    covered: WholeRun, to_cover: Plan, name: str, rules: set[str]
) -> None:
    assert to_cover.pending == set()
    with edited(covered, name):
        pending = plan(covered, targets=["coverage"]).pending
    assert {rule for rule, _ in pending} == rules
    made = made_by(to_cover, rules)
    check = CHECKS.get(Path(name).stem)
    if check and check.of_tagger:
        elsewhere = {f"coverage/{score}/" for score in ("S", "brightness", "mass", "lit_pixels")}
        made = {(rule, file) for rule, file in made if not any(map(file.startswith, elsewhere))}
    assert pending == made


def test_coverage_of_fewer_experiments_is_merged_anew_and_nothing_measured(
    covered: WholeRun, to_cover: Plan
) -> None:
    assert to_cover.pending == set()
    config = changed(coverage=WHOLE["coverage"] | {"distortions": {}})
    pending = plan(covered, config, targets=["coverage"]).pending
    assert {rule for rule, _ in pending} == {"merge_coverage", "draw_coverage"}


# ... that are new


@pytest.fixture
def extended(whole_run: WholeRun, tmp_path: Path) -> WholeRun:
    """The run with code of its own, to add to."""
    code = Path(shutil.copytree(whole_run.code, tmp_path / "code", symlinks=True))
    return WholeRun(whole_run.directory, code)


def package(run: WholeRun) -> Path:
    return run.code / "workflow" / "scripts" / "oddjet"


def put(file: Path, before: str, more: str) -> None:
    """Put more behind a text that a file has once."""
    text = file.read_text("utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, before + more), "utf-8")


TOY_KIND = """
from oddjet.train.models.dense import DenseAutoencoder

class Toy(DenseAutoencoder):
    pass

KIND = Toy
"""
TOY_LOSS = """
def error(images, reconstructions):
    return (images - reconstructions).abs().flatten(1).mean(1)
"""


def add_kind_and_loss(run: WholeRun) -> None:
    (package(run) / "train/models/toy_kind.py").write_text(TOY_KIND, "utf-8")
    (package(run) / "train/losses/toy_loss.py").write_text(TOY_LOSS, "utf-8")
    schema = run.code / "workflow/schemas/config.schema.yaml"
    put(schema, "enum: [dense, ", "toy_kind, ")
    put(schema, "enum: [mse, ", "toy_loss, ")


def test_a_new_kind_a_new_loss_and_a_new_reader_bring_no_job_where_nothing_uses_them(
    extended: WholeRun,
) -> None:
    add_kind_and_loss(extended)
    reader = package(extended) / "prepare/readers/toy_format.py"
    reader.write_text("def contents(file):\n    raise ValueError\n", "utf-8")
    assert plan(extended).pending == set()


def test_a_new_estimator_estimates_the_fractions_anew_and_clusters_and_trains_nothing(
    extended: WholeRun, whole: Plan
) -> None:
    (package(extended) / "estimate/estimators/toy.py").write_text(
        "def estimate(given):\n    return {}\n", "utf-8"
    )
    declared = package(extended) / "estimate/declared.py"
    put(declared, "ESTIMATORS = {\n", '    "toy": Estimator("Nothing."),\n')
    expected = with_dependents(whole, made_by(whole, {"estimate_fractions"}))
    assert plan(extended).pending == expected


def test_a_new_check_estimates_the_fractions_anew_and_clusters_and_trains_nothing(
    extended: WholeRun, whole: Plan
) -> None:
    (package(extended) / "estimate/checks/toy.py").write_text(
        "def check(sample, test):\n    return {'p_value': 1.0}\n", "utf-8"
    )
    declared = package(extended) / "estimate/declared.py"
    put(declared, "CHECKS = {\n", '    "toy": Check("it is so", "it is not so"),\n')
    expected = with_dependents(whole, made_by(whole, {"estimate_fractions"}))
    assert plan(extended).pending == expected


def test_a_new_figure_is_drawn_with_those_of_its_rule_and_shown_and_computes_nothing(
    extended: WholeRun, whole: Plan
) -> None:
    figures = package(extended) / "planning/figures.py"
    title = '    "toy": Figure("draw_samples", "toy", "A toy", "Samples", "samples"),\n'
    put(figures, "FIGURES = {\n", title)
    (package(extended) / "draw/toy_figures.py").write_text("def toy():\n    ...\n", "utf-8")
    script = extended.code / "workflow/scripts/draw_samples.py"
    script.write_text(script.read_text("utf-8") + "\nimport oddjet.draw.toy_figures\n", "utf-8")
    (extended.code / "workflow/report/toy.rst").write_text("A toy.\n", "utf-8")
    found = plan(extended)
    added = {("draw_samples", f"figures/toy.{suffix}") for suffix in ("png", "pdf")}
    assert found.everything - whole.everything == added
    assert found.pending == added | made_by(whole, {"draw_samples"} | PAGE)


# ... and used by some jobs and not by others


TOY_TARGETS = [f"results/{model}/seed1/scores.h5" for model in ("S", "T")]


@pytest.fixture(scope="module")
def mixed(
    whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory
) -> tuple[WholeRun, dict[str, Any]]:
    """A run of S, and of T of another kind with another loss, with one test in another format."""
    place = tmp_path_factory.mktemp("mixed")
    code = Path(shutil.copytree(whole_run.code, place / "code", symlinks=True))
    run = WholeRun(place / "run", code)
    add_kind_and_loss(run)
    shutil.copytree(whole_run.directory / "raw", run.directory / "raw")
    with h5py.File(run.directory / "raw" / "low.h5", "w") as file:
        file["images"] = jets(EACH_TEST, 12)
    toy = {"kind": "toy_kind", "latent": 2, "loss": "toy_loss", "error": "mse"}
    config = changed(models=WHOLE["models"] | {"T": toy})
    config["samples"]["tests"][AWKWARD] = {"file": "raw/low.h5"}
    done = run.run(*TOY_TARGETS, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    return run, config


@pytest.fixture(scope="module")
def mixture(mixed: tuple[WholeRun, dict[str, Any]]) -> Plan:
    run, config = mixed
    return plan(run, config, targets=TOY_TARGETS)


ALL_TRAINED = {"S/seed1/model.pt", "T/seed1/model.pt"}
PREPARED = [f"prepared/shared/tests/{name}.h5" for name in (AWKWARD, "high", "signal")]


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("train/models/toy_kind.py", {"T/seed1/model.pt"}),
        ("train/models/dense.py", ALL_TRAINED),  # what the other kind begins with
        ("train/models/variational.py", set()),
        ("train/losses/toy_loss.py", {"T/seed1/model.pt"}),
        ("train/losses/mse.py", {"S/seed1/model.pt", "T/seed1/scores.h5"}),
        ("train/losses/hellinger.py", set()),
        ("prepare/readers/hdf5.py", {PREPARED[0]}),
        ("prepare/readers/npz.py", {"prepared/shared/normal.h5", *PREPARED[1:]}),
    ],
)
def test_jobs_depend_on_the_kind_loss_and_reader_of_their_own(
    mixed: tuple[WholeRun, dict[str, Any]], mixture: Plan, name: str, outputs: set[str]
) -> None:
    run, config = mixed
    assert mixture.pending == set()
    with edited(run, f"oddjet/{name}"):
        pending = plan(run, config, targets=TOY_TARGETS).pending
    assert outputs <= {output for _, output in mixture.everything}
    first = {made for made in mixture.everything if made[1] in outputs}
    # a job reruns with all that it makes
    rerun = {made for made in mixture.everything if _job(made) in {_job(one) for one in first}}
    assert pending == with_dependents(mixture, rerun)


def _job(made: tuple[str, str]) -> tuple[str, Path]:
    """What is the same for all that a job of a training makes, and for no other job."""
    rule, output = made
    return rule, Path(output).parent if rule in ("train", "score") else Path(output)


# Text that does not compute


def test_comments_docstrings_and_blank_lines_everywhere_bring_no_job(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    code = Path(shutil.copytree(whole_run.code, tmp_path / "code"))
    for path in (code / "workflow").rglob("*.py"):
        source = path.read_text("utf-8")
        other = re.sub(r'\A("""[^"]*""")?', '"""Another docstring."""\n', source)
        assert other != source
        path.write_text(other.replace("\n\n\n", "\n\n\n\n# a comment\n"), "utf-8")
    assert plan(WholeRun(whole_run.directory, code)).pending == set()


# Touched, checked out, copied


@pytest.fixture
def clone(whole_run: WholeRun, tmp_path: Path) -> WholeRun:
    """The same code in another place, every file of it new."""
    code = tmp_path / "clone"
    for path in whole_run.code.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            target = code / path.relative_to(whole_run.code)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return WholeRun(whole_run.directory, code)


def test_a_fresh_clone_in_another_place_brings_no_job(clone: WholeRun) -> None:
    assert plan(clone).pending == set()


def test_touching_all_results_in_any_order_brings_no_job(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    # as a copy without its times leaves them: outputs older than their inputs
    place = Path(shutil.copytree(whole_run.directory, tmp_path / "copy"))
    files = sorted(path for path in (place / "results").rglob("*") if path.is_file())
    for path, second in zip(reversed(files), count(1_900_000_000), strict=False):
        os.utime(path, (second, second))
    assert plan(whole_run, directory=place).pending == set()


@pytest.fixture(scope="module")
def large(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared samples of a normal sample above Snakemake's usual limit for checksums, 1 MB."""
    place = tmp_path_factory.mktemp("large")
    shutil.copytree(whole_run.directory / "raw", place / "raw")
    noise = np.random.default_rng(0).uniform(size=(NORMAL, 50, 50)).astype(np.float32)
    np.savez(place / "raw" / "normal.npz", normal_data=noise)
    assert (place / "raw" / "normal.npz").stat().st_size > 1_000_000
    done = whole_run.run("results/prepared/shared/normal.h5", directory=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def normal_is_pending(run: WholeRun, directory: Path) -> bool:
    return ("prepare_normal", "prepared/shared/normal.h5") in plan(run, directory=directory).pending


def test_touching_a_large_raw_file_brings_no_job(whole_run: WholeRun, large: Path) -> None:
    raw = large / "raw" / "normal.npz"
    with restored(raw):
        raw.touch()
        assert not normal_is_pending(whole_run, large)


def test_other_contents_of_a_large_raw_file_prepare_it_anew(
    whole_run: WholeRun, large: Path
) -> None:
    raw = large / "raw" / "normal.npz"
    with restored(raw):
        np.savez(raw, normal_data=jets(NORMAL, size=50))
        assert normal_is_pending(whole_run, large)


# Raw files that only their contents tell apart


def test_other_contents_of_an_older_raw_file_prepare_it_anew(whole_run: WholeRun) -> None:
    raw = whole_run.directory / "raw" / "low.npz"
    with restored(raw):
        np.savez_compressed(raw, test_data=jets(40, tops=20, seed=7))
        os.utime(raw, (0, 0))  # as rsync and tar bring it
        pending = plan(whole_run).pending
    assert [output for rule, output in pending if rule == "prepare_test"]
    assert not {rule for rule, _ in pending} & {"train", "prepare_normal"}


def test_another_older_raw_file_prepares_it_anew_and_the_same_elsewhere_does_not(
    whole_run: WholeRun,
) -> None:
    raw = whole_run.directory / "raw"
    config = changed()
    config["samples"]["normal"] = {"file": "raw/moved.npz"}
    moved = raw / "moved.npz"
    try:
        shutil.copy2(raw / "normal.npz", moved)
        # the table of the samples names the file; the summary reads it, and the page shows it
        shown = PAGE | {"check_samples", "summarise", "draw_fractions", "draw_excess"}
        assert {rule for rule, _ in plan(whole_run, config).pending} == shown
        np.savez_compressed(moved, normal_data=jets(NORMAL, seed=8))
        os.utime(moved, (0, 0))
        assert "prepare_normal" in {rule for rule, _ in plan(whole_run, config).pending}
    finally:
        moved.unlink()


# Versions of packages


@pytest.mark.parametrize("package", ["torch", "matplotlib", "scikit-learn", "hdf5plugin"])
def test_another_version_of_a_package_reruns_what_computes_with_it(
    whole_run: WholeRun,
    whole: Plan,
    package: str,
    tmp_path: Path,
) -> None:
    metadata = tmp_path / f"{package.replace('-', '_')}-0.0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.0.1\n", "utf-8"
    )
    imported = {"scikit-learn": "sklearn"}.get(package, package)
    rules = set().union(*(RULES[script] for script in PACKAGES.get(imported, ())))
    for folder, (used, loading) in USED.items():  # through modules that are loaded by their names
        if any(imported in packages_of(folder, name) for name in used):
            rules |= loading
    expected = with_dependents(whole, made_by(whole, rules))
    assert bool(expected) == (package != "hdf5plugin")  # which the reader of HDF5 alone imports
    assert plan(whole_run, packages=tmp_path).pending == expected


# Captions


def test_another_caption_rewrites_the_page(clone: WholeRun) -> None:
    caption = clone.code / "workflow" / "report" / "scores.rst"
    caption.write_text(caption.read_text("utf-8") + "More.\n", "utf-8")
    assert {rule for rule, _ in plan(clone).pending} == PAGE


# Fewer


def test_a_seed_less_reruns_the_merges_alone(whole_run: WholeRun) -> None:
    pending = plan(whole_run, changed(seeds=[1])).pending
    own = {"train", "score", "find_clusters", "draw_scores", "draw_samples", "check_samples"}
    assert not {rule for rule, _ in pending} & {*own, "prepare_normal", "prepare_test"}
    assert ("estimate_fractions", "S/fractions.csv") in pending
    assert ("measure_excess", "S/excess.csv") in pending
    assert ("compare_features", "tables/features.csv") in pending
    assert {"draw_tagger", "draw_training", "draw_roc"} <= {rule for rule, _ in pending}
    assert ("summarise", "summary.csv") in pending


def test_what_is_known_of_the_normal_sample_reruns_what_subtracts_it(whole_run: WholeRun) -> None:
    known = {"contamination": {"fraction": 0.01}}
    pending = plan(whole_run, changed(fraction=WHOLE.get("fraction", {}) | known)).pending
    rules = {rule for rule, _ in pending}
    assert {"estimate_fractions", "measure_excess", "draw_excess"} <= rules
    assert not rules & {"train", "train_tagger", "score", "compare_features", "draw_tagger"}


def test_a_test_less_retrains_nothing_and_prepares_nothing(whole_run: WholeRun) -> None:
    config = changed()
    config["samples"]["tests"] = {"high": WHOLE["samples"]["tests"]["high"]}
    rules = {rule for rule, _ in plan(whole_run, config).pending}
    assert not rules & {"train", "draw_training", "prepare_normal", "prepare_test", "prepare_truth"}
    assert {"score", "summarise"} <= rules
