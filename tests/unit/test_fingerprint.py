"""What a script computes with: the fingerprint changes with it, and with nothing else."""

import ast
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from token import NAME
from typing import Any

import pytest
from conftest import LOADERS, SCRIPTS, finder_of, importers, modules_of, packages, plugins

from oddjet.planning import fingerprint

PACKAGE = SCRIPTS / "oddjet"
NAMES = sorted(path.name for path in SCRIPTS.glob("*.py"))
MODULES = sorted(str(path.relative_to(SCRIPTS)) for path in PACKAGE.rglob("*.py"))


READ = fingerprint._read.__wrapped__


@cache
def parsed(file: Path, content: bytes) -> Any:
    """What is read from a file with this content."""
    return READ(file)


@contextmanager
def reading(tree: Path) -> Iterator[None]:
    """Take fingerprints in a tree as it is now, without parsing anew what is as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PACKAGE", tree / "oddjet")
        patch.setattr(fingerprint, "_read", cache(lambda file: parsed(file, file.read_bytes())))
        yield


def fingerprints(tree: Path) -> dict[str, str]:
    """The fingerprint of every script in a tree."""
    with reading(tree):
        return {name: fingerprint.fingerprint(tree / name) for name in NAMES}


def copied(place: Path) -> Path:
    shutil.copytree(SCRIPTS, place, ignore=shutil.ignore_patterns("__pycache__"))
    return place


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("copy") / "scripts")


@pytest.fixture
def tree(copy: Path) -> Iterator[Path]:
    """A copy of the scripts and their package, to edit; afterwards it is as it was."""
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    yield copy
    for path in copy.rglob("*.py"):
        if path not in before:
            path.unlink()
        elif path.read_bytes() != before[path]:
            path.write_bytes(before[path])


@pytest.fixture(scope="module")
def before(copy: Path) -> dict[str, str]:
    """The fingerprints of the copy as it was."""
    return fingerprints(copy)


IMPORTERS = importers()
PACKAGES = packages()


def test_there_are_scripts_and_modules_to_check() -> None:
    assert "train.py" in NAMES
    assert "oddjet/train/scoring.py" in MODULES
    assert "score.py" in IMPORTERS["oddjet/train/scoring.py"]
    assert "train.py" not in IMPORTERS["oddjet/estimate/fractions.py"]


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
def test_text_that_does_not_compute_changes_no_fingerprint_in_whatever_file(
    tree: Path, before: dict[str, str], edit: str
) -> None:
    for file in [*NAMES, *MODULES]:
        path = tree / file
        source = path.read_text("utf-8")
        edited = NO_EDITS[edit](source)
        assert edited != source or not source  # nothing can be replaced in an empty file
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


def test_a_change_of_one_number_deep_in_the_code_is_seen(
    tree: Path, before: dict[str, str]
) -> None:
    path = tree / "oddjet" / "estimate" / "estimators" / "joint.py"
    source = path.read_text("utf-8")
    assert "SHARED = 3.0" in source
    path.write_text(source.replace("SHARED = 3.0", "SHARED = 3.5"), "utf-8")
    after = fingerprints(tree)
    changed = {name for name in NAMES if after[name] != before[name]}
    assert changed == IMPORTERS["oddjet/estimate/estimators/joint.py"] != set()


def test_text_that_is_used_is_no_docstring(tree: Path) -> None:
    path = tree / "oddjet" / "train" / "training.py"
    source = path.read_text("utf-8")
    path.write_text(source + '\n\ndef _word():\n    return "a"\n', "utf-8")
    first = fingerprints(tree)
    path.write_text(source + '\n\ndef _word():\n    return "b"\n', "utf-8")
    assert fingerprints(tree)["train.py"] != first["train.py"]


def test_a_copy_elsewhere_has_the_same_fingerprints(before: dict[str, str], tmp_path: Path) -> None:
    assert fingerprints(copied(tmp_path / "scripts")) == before


def test_a_module_that_is_new_and_not_imported_changes_nothing(
    tree: Path, before: dict[str, str]
) -> None:
    (tree / "oddjet" / "unused.py").write_text("VALUE = 1\n", "utf-8")
    assert fingerprints(tree) == before


# Modules that scripts load by their names


LOADED = [
    (script, f"oddjet/{folder}/{name}.py")
    for folder, scripts in LOADERS.items()
    for name in plugins(folder)
    for script in sorted(scripts)
]


def dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def with_plugins(tree: Path) -> dict[tuple[str, str], str]:
    """The fingerprint of every script with each module that it may load by its name."""
    with reading(tree):
        return {
            (script, file): fingerprint.fingerprint(tree / script, [dotted(file)])
            for script, file in LOADED
        }


@pytest.fixture(scope="module")
def loaded_before(copy: Path) -> dict[tuple[str, str], str]:
    return with_plugins(copy)


@pytest.fixture(scope="module")
def computing() -> dict[tuple[str, str], set[str]]:
    """What each of them imports, as the standard library says."""
    return {
        (script, file): modules_of(finder_of(SCRIPTS / script, dotted(file)))
        for script, file in LOADED
    }


@pytest.mark.parametrize("module", sorted({file for _, file in LOADED}))
def test_code_edit_of_a_module_changes_the_fingerprints_of_exactly_the_jobs_that_load_it(
    tree: Path,
    loaded_before: dict[tuple[str, str], str],
    computing: dict[tuple[str, str], set[str]],
    module: str,
) -> None:
    path = tree / module
    path.write_text(path.read_text("utf-8") + "\nEDITED = 1\n", "utf-8")
    after = with_plugins(tree)
    changed = {job for job in LOADED if after[job] != loaded_before[job]}
    assert changed == {job for job in LOADED if module in computing[job]}
    assert {file for _, file in changed} >= {module}


def test_what_a_loaded_module_imports_counts_and_in_which_order_modules_are_named_does_not(
    tree: Path,
) -> None:
    train = tree / "train.py"
    names = ["oddjet.train.models.gan", "oddjet.train.losses.mse"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "PACKAGE", tree / "oddjet")
        before = fingerprint.fingerprint(train, names)
        assert fingerprint.fingerprint(train, names[::-1]) == before
        assert fingerprint.fingerprint(train, [*names, names[0]]) == before
        assert len({before, *(fingerprint.fingerprint(train, [name]) for name in names)}) == 3
        for inside in ("dense", "discriminator"):
            path = tree / "oddjet" / "train" / "models" / f"{inside}.py"
            path.write_text(path.read_text("utf-8") + "\nEDITED = 1\n", "utf-8")
            fingerprint._read.cache_clear()
            after = fingerprint.fingerprint(train, names)
            assert after != before
            before = after


def test_versions_of_the_packages_of_a_loaded_module_count() -> None:
    script, reader = SCRIPTS / "prepare_normal.py", "oddjet.prepare.readers.hdf5"
    assert "hdf5plugin" not in fingerprint.versions(script)
    assert fingerprint.versions(script, [reader])["hdf5plugin"]


# where modules are loaded by a name that no import statement holds: each has its folder in
# `planning.plugins`, and whoever calls it names in its rule what is loaded
LOADING = {
    "train/build.py",
    "train/reconstruction_error.py",
    "prepare/raw.py",
    "estimate/fractions.py",
    "estimate/check.py",
}
WAYS = {
    *("import_module", "__import__", "find_spec", "spec_from_file_location", "exec_module"),
    *("run_path", "run_module", "exec", "execfile", "SourceFileLoader", "iter_modules"),
}


def names_in(path: Path) -> set[str]:
    with path.open("rb") as file:
        return {token.string for token in tokenize.tokenize(file.readline) if token.type == NAME}


def test_no_other_module_or_script_loads_modules_that_its_jobs_would_not_follow() -> None:
    found = {
        str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else SCRIPTS))
        for path in SCRIPTS.rglob("*.py")
        if names_in(path) & WAYS
    }
    assert found == LOADING
    loaded = set()
    for name in LOADING:
        tree = ast.parse((PACKAGE / name).read_text("utf-8"))
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "import_module"
        ]
        (call,) = calls  # and in no other way
        (argument,) = call.args
        assert isinstance(argument, ast.JoinedStr)
        start, end = argument.values  # f"oddjet.FOLDER.{name}"
        assert isinstance(start, ast.Constant)
        assert isinstance(end, ast.FormattedValue)
        loaded.add(start.value.removeprefix("oddjet.").removesuffix(".").replace(".", "/"))
    assert loaded == set(LOADERS)


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
    planned = sorted(path.stem for path in (PACKAGE / "planning").glob("[!_]*.py"))
    assert {"configuration", "figures", "fingerprint", "formats", "plugins"} <= set(planned)
    code = "import sys; from oddjet.planning import {}; print(*sys.modules)".format(
        ", ".join(planned)
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "torch", "h5py", "pandas"} & set(done.stdout.split())
