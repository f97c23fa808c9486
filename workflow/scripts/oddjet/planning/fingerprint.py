"""What a job computes with, as short texts: its code and the packages it uses.

Every start of Snakemake, and so every job, asks for these: nothing here imports a package that
computes.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# packages that are installed under another name than they are imported by
DISTRIBUTIONS = {"hepdata_lib": "hepdata-lib", "sklearn": "scikit-learn", "yaml": "pyyaml"}
# A job depends on its own format alone, whose reader is among its plugins: another one in the list
# of all of them changes no result.
OF_ALL_FORMATS = Path("planning", "formats.py")

# a hash of its code without what does not compute; the modules and the packages that it imports
Module = tuple[str, tuple[Path, ...], frozenset[str]]


def fingerprint(script: str | Path, plugins: Iterable[str] = (), installed: bool = True) -> str:
    """Hash a script and, transitively, the modules of this package that it imports.

    Comments, blank lines, formatting and docstrings leave the hash as it is, because they change
    no result.

    Args:
        script: a Python file.
        plugins: modules of this package that it loads by their names besides.
        installed: hash the versions of the packages that all these import as well.
    """
    seen = _modules(script, plugins).values()
    facts = sorted(code for code, _, _ in seen)
    if installed:
        facts += [f"{name} {number}" for name, number in _versions(seen).items()]
    return hashlib.sha256("".join(facts).encode()).hexdigest()[:16]


def versions(script: str | Path, plugins: Iterable[str] = ()) -> dict[str, str]:
    """The versions of the packages that a script and the modules it imports import, by name.

    A package that is not installed has none, an empty text.
    """
    return _versions(_modules(script, plugins).values())


def texts(folder: str | Path) -> str:
    """Hash the files of a folder that is part of the code, by name and content."""
    files = sorted(file for file in Path(folder).iterdir() if file.is_file())
    found = [(file.name, file.read_bytes()) for file in files]
    return hashlib.sha256(repr(found).encode()).hexdigest()[:16]


def _versions(modules: Iterable[Module]) -> dict[str, str]:
    packages = {package for _, _, packages in modules for package in packages}
    return {name: _version(name) for name in sorted(DISTRIBUTIONS.get(p, p) for p in packages)}


@cache
def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _modules(script: str | Path, plugins: Iterable[str]) -> dict[Path, Module]:
    """A script, its plugins and all modules of this package that they import."""
    seen = {}
    waiting = [Path(script), *(file for plugin in plugins for file in _files(plugin))]
    while waiting:
        file = waiting.pop()
        if file not in seen and file != PACKAGE / OF_ALL_FORMATS:
            seen[file] = _read(file)
            waiting += seen[file][1]
    return seen


@cache
def _read(file: Path) -> Module:
    tree = ast.parse(file.read_bytes())
    names: set[str] = set()
    for node in _statements(tree):
        names.update(_imported(node))
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:]  # type: ignore[attr-defined]
    inside = tuple({module for name in names for module in _files(name)})
    roots = {name.split(".")[0] for name in names}
    outside = frozenset(roots - {PACKAGE.name} - sys.stdlib_module_names)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), inside, outside


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A module and all statements in it: `ast.walk` would go through their expressions as well."""
    yield node
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        inside = getattr(node, block, ())
        for statement in inside if isinstance(inside, list) else ():
            yield from _statements(statement)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imported(node: ast.AST) -> Iterator[str]:
    """The names that a statement imports; of `from a import b` also `a.b`, a module perhaps."""
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)


def _files(name: str) -> Iterator[Path]:
    """The file of a module of this package, after those of the packages around it."""
    first, *parts = name.split(".")
    if first != PACKAGE.name:
        return
    place = PACKAGE
    yield place / "__init__.py"
    for part in parts:
        if (place / f"{part}.py").is_file():
            yield place / f"{part}.py"
            return
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
