"""What is said in two places is the same in both."""

import inspect
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import KINDS, REPO, architecture, packages

from oddjet.planning.fingerprint import DISTRIBUTIONS
from oddjet.simulate import events, simulation
from oddjet.train.build import kind_of
from oddjet.train.models.base import Autoencoder

CONFIG = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
SCHEMA = yaml.safe_load((REPO / "workflow" / "schemas" / "config.schema.yaml").read_text("utf-8"))
RULE_FILES = [REPO / "Snakefile", *sorted((REPO / "workflow" / "rules").glob("*.smk"))]


# The configuration and its schema


def test_every_key_of_the_schema_is_in_the_configuration_and_the_other_way_round() -> None:
    assert set(CONFIG) == set(SCHEMA["properties"]) == set(SCHEMA["required"])


def test_no_default_stands_both_in_the_schema_and_in_the_configuration_file() -> None:
    # but for those of models, of which the file gives some, the schema holds no default
    stated = [path for path, part in properties(SCHEMA) if "default" in part]
    assert stated == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_of_a_model_is_in_the_schema_and_has_a_default_there(kind: str) -> None:
    taken: set[str] = set()
    for ancestor in kind_of(kind).__mro__:
        if issubclass(ancestor, Autoencoder):  # some pass on what their parents take
            taken |= set(inspect.signature(ancestor.__init__).parameters)
    taken -= {"self", "args", "kwargs", "shape", "parameters"}
    assert set(architecture(kind, latent=1)) - {"kind"} == taken


def properties(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping]]:
    """Every property of a schema with its path, those inside properties and lists included."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}{name}", part
        yield from properties(part, f"{path}{name}.")
    for inner in ("additionalProperties", "items"):
        if isinstance(schema.get(inner), Mapping):
            yield from properties(schema[inner], f"{path}*.")


def resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema with what its reference adds."""
    if "$ref" not in part:
        return part
    return SCHEMA["$defs"][part["$ref"].removeprefix("#/$defs/")] | part


@pytest.mark.parametrize(("path", "part"), list(properties(SCHEMA)), ids=lambda x: x if x else "")
def test_every_property_is_described(path: str, part: Mapping[str, Any]) -> None:
    assert len(resolved(part).get("description", "")) > 4


def test_every_mapping_of_the_schema_refuses_unknown_keys() -> None:
    for path, part in [("", SCHEMA), *properties(SCHEMA)]:
        full = resolved(part)
        if full.get("type") == "object":
            assert full.keys() & {"additionalProperties", "unevaluatedProperties"}, path


def test_simulated_processes_are_those_that_the_schema_and_the_rules_allow() -> None:
    known = {*simulation.PROCESSES, *events.PROCESSES}
    branches = SCHEMA["properties"]["simulation"]["allOf"]
    allowed = [branch["then"]["properties"]["processes"]["propertyNames"] for branch in branches]
    assert set().union(*(names["enum"] for names in allowed)) == known
    constraint = re.search(r'process="([^"]+)"', RULE_FILES[0].read_text("utf-8"))[1]
    assert set(constraint.split("|")) == known


# The pins


def pins(lines: list[str]) -> dict[str, str]:
    found = [re.fullmatch(r"\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)", line) for line in lines]
    return {match[1].lower(): match[2] for match in found if match}


def pins_of(name: str) -> dict[str, str]:
    found = pins((REPO / name).read_text("utf-8").splitlines())
    assert found, f"no pins in {name}"
    return found


def test_conda_environment_pins_what_the_requirements_pin() -> None:
    # Snakemake itself runs outside the environments
    pinned = pins_of("requirements.txt") | pins_of("requirements-root.txt")
    required = {k: v for k, v in pinned.items() if "snakemake" not in k}
    assert pins_of("envs/oddjet.yaml") == required


def test_simulation_environment_pins_what_the_requirements_pin() -> None:
    simulation, needed = pins_of("envs/simulation.yaml"), pins_of("requirements-simulation.txt")
    both = pins_of("requirements.txt") | needed
    assert needed.items() <= simulation.items()
    assert simulation.items() <= both.items()


@pytest.mark.parametrize("name", ["envs/oddjet.yaml", "envs/simulation.yaml"])
def test_everything_in_an_environment_is_pinned(name: str) -> None:
    environment = yaml.safe_load((REPO / name).read_text("utf-8"))
    *outside, inside = environment["dependencies"]
    assert all(re.fullmatch(r"pip|python=3\.11", package) for package in outside)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", package) for package in inside["pip"])


def brought_along(names: set[str]) -> set[str]:
    """Packages with all that they require, transitively, as far as they are installed here."""
    found, waiting = set(), set(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            try:
                lines = requires(name) or []
            except PackageNotFoundError:
                continue
            needed = [line for line in lines if "extra ==" not in line]
            waiting |= {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in needed}
    return found


@pytest.mark.parametrize("name", ["oddjet.yaml", "simulation.yaml"])
def test_environment_holds_every_package_that_its_scripts_import(name: str) -> None:
    texts = "".join(file.read_text("utf-8") for file in RULE_FILES)
    scripts = {
        script
        for rule in re.split(r"^rule ", texts, flags=re.MULTILINE)[1:]
        if f"/envs/{name}" in rule
        for script in re.findall(r'"\.\./scripts/(\w+\.py)"', rule)
    }
    assert scripts
    imported = {package for package, by in packages().items() if by & scripts}
    imported = {DISTRIBUTIONS.get(package, package) for package in imported}
    assert imported <= brought_along(set(pins_of(f"envs/{name}")))


def test_pytorch_which_takes_seconds_to_import_is_imported_by_what_needs_it_alone() -> None:
    needed = {"train.py", "score.py", "score_baselines.py"}
    needed |= {"supervise.py", "predict.py"}
    assert packages()["torch"] == needed


# The rules


def rules() -> Iterator[tuple[str, str]]:
    """Every rule's head and the line below it."""
    for file in RULE_FILES:
        lines = file.read_text("utf-8").splitlines()
        for line, below in pairwise(lines):
            if re.match(r"(rule|checkpoint|use rule)\b", line):
                yield f"{file.name}: {line}", below.strip()


def test_every_rule_file_is_included() -> None:
    included = re.findall(r'include: "workflow/rules/(\w+\.smk)"', RULE_FILES[0].read_text("utf-8"))
    assert sorted(included) == [file.name for file in RULE_FILES[1:]]


@pytest.mark.parametrize(
    ("head", "below"), list(rules()), ids=lambda text: text.split(": ")[-1][:40]
)
def test_every_rule_says_what_it_does_right_below_its_head(head: str, below: str) -> None:
    assert below.startswith('"""' if not head.split(": ")[1].startswith("use") else ("#", '"""'))


def test_every_script_belongs_to_a_rule_and_every_rule_to_a_script() -> None:
    text = "".join(file.read_text("utf-8") for file in RULE_FILES)
    named = set(re.findall(r'"\.\./scripts/(\w+\.py)"', text))
    assert named == {path.name for path in (REPO / "workflow" / "scripts").glob("*.py")}
    # the hash of the code is that of the very script that runs
    for rule in re.split(r"^(?:use )?rule ", text, flags=re.MULTILINE)[1:]:
        scripts = set(re.findall(r'"\.\./scripts/(\w+\.py)"', rule))
        hashed = set(re.findall(r'code=code\("(\w+\.py)"\)', rule))
        assert scripts <= hashed, rule.splitlines()[0]


# No unpickling


def code_words(path: Path) -> set[str]:
    """The names in Python code, comments and text left out."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


@pytest.mark.parametrize(
    "path",
    [*RULE_FILES[1:], *sorted((REPO / "workflow").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(REPO)),
)
def test_no_code_of_the_workflow_unpickles(path: Path) -> None:
    words = code_words(path)
    assert not words & {"pickle", "cloudpickle", "dill", "joblib", "read_pickle"}
    # numpy.load and torch.load read pickles unless told otherwise
    source = path.read_text("utf-8")
    assert "np.load(" not in source
    assert source.count("allow_pickle") == source.count("allow_pickle=False")
    for call in re.findall(r"torch\.load\([^)]*\)", source):
        assert "weights_only=True" in call
