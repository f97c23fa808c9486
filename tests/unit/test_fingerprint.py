"""What a script computes with: the fingerprint changes with it, and with nothing else."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from conftest import REPO, importers, packages

from oddjet.planning import fingerprint

SCRIPTS = REPO / "workflow" / "scripts"
PACKAGE = SCRIPTS / "oddjet"
NAMES = sorted(path.name for path in SCRIPTS.glob("*.py"))
MODULES = sorted(str(path.relative_to(SCRIPTS)) for path in PACKAGE.rglob("*.py"))


def copied(place: Path) -> Path:
    shutil.copytree(SCRIPTS, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def fingerprints(tree: Path) -> dict[str, str]:
    """The fingerprint of every script in a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PACKAGE", tree / "oddjet")
        fingerprint._read.cache_clear()
        return {name: fingerprint.fingerprint(tree / name) for name in NAMES}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the scripts and their package, to edit."""
    return copied(tmp_path / "scripts")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The fingerprints of a copy that nobody edits."""
    return fingerprints(copied(tmp_path_factory.mktemp("pristine") / "scripts"))


IMPORTERS = importers()
PACKAGES = packages()


def test_there_are_scripts_and_modules_to_check() -> None:
    assert "train.py" in NAMES
    assert "oddjet/models/convolutional.py" in MODULES
    assert "train.py" in IMPORTERS["oddjet/models/convolutional.py"]
    assert "train.py" not in IMPORTERS["oddjet/fractions.py"]


def with_comment(source: str) -> str:
    return f"# a comment\n{source}\n# another one\n"


def with_blank_lines(source: str) -> str:
    """Two blank lines before each definition at the margin, and at both ends."""
    lines = []
    for line in source.splitlines():
        if line.startswith(("def ", "class ", "@")) and not (lines and lines[-1].startswith("@")):
            lines += ["", ""]
        lines.append(line)
    return "\n\n" + "\n".join(lines) + "\n\n"


def documented(source: str) -> tuple[ast.Module, list[ast.AST]]:
    """A module and all in it that can have a docstring."""
    tree = ast.parse(source)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return tree, [node for node in ast.walk(tree) if isinstance(node, kinds)]


def with_other_docstrings(source: str) -> str:
    """Every docstring replaced, and the formatting with it."""
    tree, places = documented(source)
    for node in places:
        if ast.get_docstring(node) is not None:
            node.body[0] = ast.Expr(ast.Constant("Another docstring."))
    return ast.unparse(tree)


def with_more_docstrings(source: str) -> str:
    """A docstring given to whatever has none."""
    tree, places = documented(source)
    for node in places:
        if ast.get_docstring(node) is None:
            node.body.insert(0, ast.Expr(ast.Constant("A docstring.")))
    return f"# edited\n{ast.unparse(tree)}"


NO_EDITS: dict[str, Callable[[str], str]] = {
    "comment": with_comment,
    "blank lines": with_blank_lines,
    "docstrings replaced, and formatting": with_other_docstrings,
    "docstrings added": with_more_docstrings,
}


@pytest.mark.parametrize("edit", NO_EDITS)
@pytest.mark.parametrize("module", MODULES)
def test_text_that_does_not_compute_changes_no_fingerprint(
    tree: Path, before: dict[str, str], module: str, edit: str
) -> None:
    path = tree / module
    source = path.read_text("utf-8")
    edited = NO_EDITS[edit](source)
    assert edited != source
    path.write_text(edited, "utf-8")
    assert fingerprints(tree) == before


@pytest.mark.parametrize("module", MODULES)
def test_code_edit_changes_the_fingerprints_of_exactly_the_scripts_that_import_the_module(
    tree: Path, before: dict[str, str], module: str
) -> None:
    path = tree / module
    path.write_text(path.read_text("utf-8") + "\nEDITED = 1\n", "utf-8")
    after = fingerprints(tree)
    assert {name for name in NAMES if after[name] != before[name]} == IMPORTERS[module]


@pytest.mark.parametrize("name", NAMES)
def test_edit_of_a_script_changes_its_own_fingerprint_alone(
    tree: Path, before: dict[str, str], name: str
) -> None:
    path = tree / name
    path.write_text(path.read_text("utf-8") + "\nEDITED = 1\n", "utf-8")
    after = fingerprints(tree)
    assert {other for other in NAMES if after[other] != before[other]} == {name}


@pytest.mark.parametrize("name", NAMES)
def test_comment_in_a_script_changes_no_fingerprint(
    tree: Path, before: dict[str, str], name: str
) -> None:
    path = tree / name
    path.write_text(with_other_docstrings(with_comment(path.read_text("utf-8"))), "utf-8")
    assert fingerprints(tree) == before


def test_a_change_of_one_number_deep_in_the_code_is_seen(
    tree: Path, before: dict[str, str]
) -> None:
    path = tree / "oddjet" / "models" / "convolutional.py"
    source = path.read_text("utf-8")
    assert "(16, 32, 64)" in source
    path.write_text(source.replace("(16, 32, 64)", "(16, 32, 65)"), "utf-8")
    after = fingerprints(tree)
    changed = {name for name in NAMES if after[name] != before[name]}
    assert changed == IMPORTERS["oddjet/models/convolutional.py"]


def test_text_that_is_used_is_no_docstring(tree: Path) -> None:
    path = tree / "oddjet" / "models" / "convolutional.py"
    source = path.read_text("utf-8")
    path.write_text(source + '\n\ndef _word():\n    return "a"\n', "utf-8")
    first = fingerprints(tree)
    path.write_text(source + '\n\ndef _word():\n    return "b"\n', "utf-8")
    assert fingerprints(tree)["train.py"] != first["train.py"]


def test_a_copy_elsewhere_has_the_same_fingerprints(tree: Path, before: dict[str, str]) -> None:
    assert fingerprints(tree) == before


def test_a_module_that_is_new_and_not_imported_changes_nothing(
    tree: Path, before: dict[str, str]
) -> None:
    (tree / "oddjet" / "unused.py").write_text("VALUE = 1\n", "utf-8")
    assert fingerprints(tree) == before


# Versions of packages


def test_there_are_packages_to_check() -> None:
    assert {"train.py", "score.py"} <= PACKAGES["torch"]
    assert "prepare_normal.py" not in PACKAGES["torch"]


@pytest.mark.parametrize("package", PACKAGES)
def test_another_version_changes_the_fingerprints_of_exactly_the_scripts_that_import_the_package(
    tree: Path, before: dict[str, str], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fingerprint.DISTRIBUTIONS.get(package, package)
    installed = fingerprint._version
    monkeypatch.setattr(
        fingerprint, "_version", lambda asked: "0.0.1" if asked == name else installed(asked)
    )
    after = fingerprints(tree)
    assert {script for script in NAMES if after[script] != before[script]} == PACKAGES[package]


def test_packages_are_looked_up_by_the_name_they_are_installed_under() -> None:
    installed = packages_distributions()
    for package in set(PACKAGES) & set(installed):
        name = fingerprint.DISTRIBUTIONS.get(package, package)
        found = {one.lower().replace("_", "-") for one in installed[package]}
        assert {name} == found, f"add {package} to DISTRIBUTIONS"


def test_versions_do_not_count_where_the_environment_of_the_jobs_is_another() -> None:
    train = SCRIPTS / "train.py"
    assert fingerprint.versions(train)["torch"]
    with pytest.MonkeyPatch.context() as patch:
        before = fingerprint.fingerprint(train, installed=False)
        patch.setattr(fingerprint, "_version", lambda name: "0.0.1")
        assert fingerprint.fingerprint(train, installed=False) == before
        assert fingerprint.fingerprint(train) != before


def test_a_package_that_is_not_installed_has_no_version(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import json\nimport no_such_package.part\n", "utf-8")
    assert fingerprint.versions(script) == {"no_such_package": ""}


def test_a_start_of_snakemake_imports_nothing_that_computes() -> None:
    code = "import sys, oddjet.fingerprint, oddjet.configuration; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "torch", "h5py", "pandas"} & set(done.stdout.split())
