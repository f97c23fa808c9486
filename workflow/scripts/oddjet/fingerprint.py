"""What a script computes with, as one hash: its code and that of the modules it imports."""

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).parent


def fingerprint(script: str | Path) -> str:
    """Hash a script and, transitively, the modules of this package that it imports.

    Comments, blank lines, formatting and docstrings leave the hash as it is, because they change
    no result.
    """
    seen: dict[Path, str] = {}
    waiting = [Path(script)]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen[file], imported = _read(file)
            waiting += imported
    codes = sorted(seen[file] for file in seen)
    return hashlib.sha256("".join(codes).encode()).hexdigest()[:16]


@lru_cache
def _read(file: Path) -> tuple[str, tuple[Path, ...]]:
    """The code of a file without what does not compute, and the modules that it imports."""
    tree = ast.parse(file.read_bytes())
    imported = tuple(_imported(tree))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.dump(tree), imported


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imported(tree: ast.AST) -> Iterator[Path]:
    """Files of this package that a module imports, the packages around them included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            first, *parts = name.split(".")
            if first == PACKAGE.name:
                yield from _files(parts)


def _files(parts: list[str]) -> Iterator[Path]:
    place = PACKAGE
    yield place / "__init__.py"
    for part in parts:
        if (place / f"{part}.py").is_file():
            yield place / f"{part}.py"
            return
        place = place / part
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
