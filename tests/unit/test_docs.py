"""The generated documentation is what the generator would write."""

import importlib.util

import pytest
from conftest import REPO


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", REPO / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["configuration", "features", "rules"])
def test_the_documentation_is_up_to_date(generate, name: str) -> None:
    written = (REPO / f"docs/{name}.md").read_text("utf-8")
    assert written == getattr(generate, name)(), "mend it with: python docs/generate.py"


def test_every_rule_is_documented(generate) -> None:
    documented = generate.rules()
    for file in (REPO / "workflow/rules").glob("*.smk"):
        for line in file.read_text("utf-8").splitlines():
            words = line.replace(":", " ").split()
            if line.startswith(("rule ", "use rule ")):
                name = words[1] if words[0] == "rule" else words[4]
                assert f"**{name}.** " in documented
