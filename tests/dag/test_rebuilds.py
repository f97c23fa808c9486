"""A job reruns if and only if something that it computes from has changed.

For every module of the package, every script and every package that these import: an edit, then
what Snakemake would do, against what the standard library and the rule files say about imports and
the graph about what depends on them. New ones are found and so covered by themselves.
"""

import os
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from conftest import NORMAL, REPO, SCRIPTS, WHOLE, WholeRun, importers, jets, packages
from test_dag import Made, Plan, changed, plan, restored

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


def with_dependents(whole: Plan, rules: set[str]) -> Made:
    """All that the rules make, and all that is made from it."""
    moved = {made for made in whole.everything if made[0] in rules}
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


@pytest.fixture(scope="module")
def whole(whole_run: WholeRun) -> Plan:
    return plan(whole_run)


@pytest.fixture(scope="module")
def after_edit(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Made]:
    """What each edit brings, edited one at a time, two of them side by side."""
    copies: SimpleQueue[WholeRun] = SimpleQueue()
    for number in range(2):
        place = tmp_path_factory.mktemp(f"edited{number}")
        run = shutil.copytree(whole_run.directory, place / "run")
        copies.put(WholeRun(run, shutil.copytree(whole_run.code, place / "code")))

    def edit(name: str) -> Made:
        run = copies.get()
        path = run.code / "workflow" / "scripts" / name
        try:
            with restored(path):
                path.write_text(path.read_text("utf-8") + "\nEDITED = 1\n", "utf-8")
                return plan(run).pending
        finally:
            copies.put(run)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(EDITED, pool.map(edit, EDITED), strict=True))


def test_every_script_belongs_to_a_rule() -> None:
    assert set(RULES) == {path.name for path in SCRIPTS.glob("*.py")}


@pytest.mark.parametrize("name", EDITED)
def test_edit_reruns_exactly_the_jobs_that_compute_with_it_and_what_depends_on_them(
    whole: Plan, after_edit: Mapping[str, Made], name: str
) -> None:
    scripts = IMPORTERS.get(name, {name})
    rules = set().union(*(RULES[script] for script in scripts))
    assert after_edit[name] == with_dependents(whole, rules)


def test_edits_of_figures_compute_nothing(after_edit: Mapping[str, Made]) -> None:
    drawing = [name for name in EDITED if "/figures/" in name or name.startswith("draw_")]
    assert len(drawing) >= 10
    for name in drawing:
        rules = {rule for rule, _ in after_edit[name]}
        assert {rule for rule in rules if not rule.startswith("draw_")} <= PAGE


# Text that does not compute


def test_comments_docstrings_and_blank_lines_everywhere_bring_no_job(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    code = Path(shutil.copytree(whole_run.code, tmp_path / "code"))
    for path in (code / "workflow").rglob("*.py"):
        source = path.read_text("utf-8")
        other = re.sub(r'\A"""[^"]*"""', '"""Another docstring."""', source)
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
        # the table of the samples names the file, and the page shows the table
        assert {rule for rule, _ in plan(whole_run, config).pending} == PAGE | {"check_samples"}
        np.savez_compressed(moved, normal_data=jets(NORMAL, seed=8))
        os.utime(moved, (0, 0))
        assert "prepare_normal" in {rule for rule, _ in plan(whole_run, config).pending}
    finally:
        moved.unlink()


# Versions of packages


@pytest.mark.parametrize("package", ["torch", "matplotlib", "scikit-learn"])
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
    rules = set().union(*(RULES[script] for script in PACKAGES[imported]))
    assert plan(whole_run, packages=tmp_path).pending == with_dependents(whole, rules)


# Captions


def test_another_caption_rewrites_the_page(clone: WholeRun) -> None:
    caption = clone.code / "workflow" / "report" / "errors.rst"
    caption.write_text(caption.read_text("utf-8") + "More.\n", "utf-8")
    assert {rule for rule, _ in plan(clone).pending} == PAGE


# Fewer


def test_a_seed_less_reruns_the_merges_alone(whole_run: WholeRun) -> None:
    pending = plan(whole_run, changed(seeds=[1])).pending
    own = {"train", "score", "find_clusters", "draw_scores", "draw_samples", "check_samples"}
    assert not {rule for rule, _ in pending} & {*own, "prepare_normal", "prepare_test"}
    assert ("estimate_fractions", "S/fractions.csv") in pending
    assert ("summarise", "summary.csv") in pending


def test_a_test_less_retrains_nothing_and_prepares_nothing(whole_run: WholeRun) -> None:
    config = changed()
    config["samples"]["tests"] = {"high": WHOLE["samples"]["tests"]["high"]}
    rules = {rule for rule, _ in plan(whole_run, config).pending}
    assert not rules & {"train", "draw_training", "prepare_normal", "prepare_test", "prepare_truth"}
    assert {"score", "summarise"} <= rules
