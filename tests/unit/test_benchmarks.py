"""The benchmarks, which no other test runs: `make performance` takes 20 minutes."""

import ast
from importlib import import_module
from pathlib import Path

import pytest
from conftest import REPO

BENCHMARKS = sorted((REPO / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("file", BENCHMARKS, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_of_the_package_is_there(file: Path) -> None:
    for statement in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("oddjet"):
            module = import_module(statement.module or "")
            for name in statement.names:
                if not hasattr(module, name.name):
                    import_module(f"{statement.module}.{name.name}")
