"""What is said in two places is the same in both."""

import inspect
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from conftest import KINDS, LOSSES, REPO, SHARED_BY_KINDS, architecture, packages, plugins
from jsonschema import Draft202012Validator

from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.planning.figures import FIGURES
from oddjet.planning.fingerprint import DISTRIBUTIONS
from oddjet.planning.formats import FORMATS
from oddjet.simulate import events, olympics, simulation
from oddjet.train.build import kind_of
from oddjet.train.models.base import Autoencoder

CONFIG = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
SCHEMA = yaml.safe_load((REPO / "workflow" / "schemas" / "config.schema.yaml").read_text("utf-8"))
RULE_FILES = [REPO / "workflow" / "Snakefile", *sorted((REPO / "workflow" / "rules").glob("*.smk"))]


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


# of JSON Schema 2020-12: what is tested, and what is said or held for reference
KEYWORDS = {*Draft202012Validator.VALIDATORS, "then", "else"}
KEYWORDS |= {"$schema", "$defs", "title", "description", "default"}


def unknown_keywords(schema: Any, path: str = "") -> list[str]:
    """Keys of a schema, and of those inside it, that JSON Schema does not know and so ignores."""
    if not isinstance(schema, Mapping):  # true or false
        return []
    found = [f"{path}{key}" for key in schema if key not in KEYWORDS]
    for key, value in schema.items():
        if key in ("properties", "$defs"):
            inner = dict(value)
        elif key in ("oneOf", "anyOf", "allOf"):
            inner = dict(enumerate(value))
        elif key in ("const", "default", "enum", "required"):  # values, and not schemas
            continue
        else:
            inner = {"": value}
        for name, part in inner.items():
            found += unknown_keywords(part, f"{path}{key}/{name}/")
    return found


def test_the_schema_has_no_keyword_that_json_schema_does_not_know() -> None:
    assert unknown_keywords(SCHEMA) == []


def test_an_unquoted_comma_in_a_description_is_noticed() -> None:
    text = "{properties: {a: {anyOf: [{description: So many constituents, the first., type: {}}]}}}"
    found = unknown_keywords(yaml.safe_load(text.replace("type: {}", "type: integer")))
    assert found == ["properties/a/anyOf/0/the first."]


def test_simulated_processes_are_those_that_the_schema_allows() -> None:
    known = {*simulation.PROCESSES, *events.PROCESSES, *olympics.PROCESSES}
    branches = SCHEMA["properties"]["simulation"]["allOf"]
    allowed = [branch["then"]["properties"]["processes"]["propertyNames"] for branch in branches]
    mixed = (SCHEMA["properties"]["simulation"]["properties"][k] for k in ("background", "signal"))
    assert set().union(*(names["enum"] for names in (*allowed, *mixed))) == known


# The pins


def pins(lines: list[str]) -> dict[str, str]:
    found = [re.fullmatch(r"\s*(?:- )?([A-Za-z0-9_.-]+)==(\S+)", line) for line in lines]
    return {match[1].lower(): match[2] for match in found if match}


def pins_of(name: str) -> dict[str, str]:
    found = pins((REPO / name).read_text("utf-8").splitlines())
    assert found, f"no pins in {name}"
    return found


def test_conda_environment_pins_what_the_requirements_pin() -> None:
    # Snakemake itself, and what its report needs, run outside the environments
    pinned = pins_of("requirements.txt") | pins_of("requirements-root.txt")
    outside = {"pygments", *(name for name in pinned if "snakemake" in name)}
    required = {name: pin for name, pin in pinned.items() if name not in outside}
    assert pins_of("envs/oddjet.yaml") == required


def test_simulation_environment_pins_what_the_requirements_pin() -> None:
    simulation, needed = pins_of("envs/simulation.yaml"), pins_of("requirements-simulation.txt")
    both = pins_of("requirements.txt") | needed
    assert needed.items() <= simulation.items()
    assert simulation.items() <= both.items()


def test_clustering_environment_pins_what_the_requirements_pin() -> None:
    clustering, needed = pins_of("envs/clustering.yaml"), pins_of("requirements-clustering.txt")
    assert needed.items() <= clustering.items()
    assert clustering.items() <= (pins_of("envs/oddjet.yaml") | needed).items()
    assert needed["fastjet"] == pins_of("requirements-simulation.txt")["fastjet"]


def test_publishing_environment_pins_what_the_requirements_pin() -> None:
    publishing, needed = pins_of("envs/publish.yaml"), pins_of("requirements-publish.txt")
    both = pins_of("requirements.txt") | needed
    assert needed.items() <= publishing.items()
    assert publishing.items() <= both.items()


ENVIRONMENTS = ["clustering.yaml", "oddjet.yaml", "publish.yaml", "simulation.yaml"]


@pytest.mark.parametrize("name", [f"envs/{name}" for name in ENVIRONMENTS])
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


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment_holds_every_package_that_its_scripts_import(name: str) -> None:
    texts = "".join(file.read_text("utf-8") for file in RULE_FILES)
    scripts = {
        script
        for rule in re.split(r"^rule ", texts, flags=re.MULTILINE)[1:]
        if f"/envs/{name}" in rule
        for script in re.findall(r'"\.\./scripts/(\w+\.py)"', rule)
    }
    assert scripts
    imported = {package for package, by in packages(with_plugins=True).items() if by & scripts}
    imported = {DISTRIBUTIONS.get(package, package) for package in imported}
    assert imported <= brought_along(set(pins_of(f"envs/{name}")))


def test_pytorch_which_takes_seconds_to_import_is_imported_by_what_needs_it_alone() -> None:
    needed = {"train.py", "score.py", "score_baselines.py"}
    needed |= {"supervise.py", "predict.py", "export_scores.py"}
    assert packages(with_plugins=True)["torch"] == needed


# The rules


def rules() -> Iterator[tuple[str, str]]:
    """Every rule's head and the line below it."""
    for file in RULE_FILES:
        lines = file.read_text("utf-8").splitlines()
        for line, below in pairwise(lines):
            if re.match(r"(rule|checkpoint|use rule)\b", line):
                yield f"{file.name}: {line}", below.strip()


def test_no_two_rule_files_which_share_their_names_define_the_same_one() -> None:
    texts = [file.read_text("utf-8") for file in RULE_FILES]
    defined = [
        name
        for text in texts
        for found in re.findall(r"^([A-Z][A-Z_, ]*) = |^def (\w+)", text, re.MULTILINE)
        for name in "".join(found).split(", ")
    ]
    assert sorted(defined) == sorted(set(defined))


def test_every_rule_file_is_included() -> None:
    included = re.findall(r'include: "rules/(\w+\.smk)"', RULE_FILES[0].read_text("utf-8"))
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
        hashed = set(re.findall(r'code=code\(\s*"(\w+\.py)"', rule))
        assert scripts <= hashed, rule.splitlines()[0]


# What is declared in one place, and its modules


def module(folder: str, name: str) -> ModuleType:
    return import_module(f"oddjet.{folder}.{name}".replace("/", "."))


def test_every_kind_of_the_schema_has_its_module_and_the_other_way_round() -> None:
    assert plugins("train/models") == sorted(KINDS)
    for name in SHARED_BY_KINDS:
        assert not hasattr(module("train/models", name), "KIND")
    kinds = [module("train/models", name).KIND for name in KINDS]
    assert all(issubclass(kind, Autoencoder) for kind in kinds)
    assert len(set(kinds)) == len(kinds)


def test_every_loss_of_the_schema_has_its_module_and_the_other_way_round() -> None:
    assert plugins("train/losses") == sorted(LOSSES)
    assert all(callable(module("train/losses", name).error) for name in LOSSES)


def test_every_format_has_its_reader_and_the_other_way_round() -> None:
    assert plugins("prepare/readers") == sorted(FORMATS)
    assert all(callable(module("prepare/readers", name).contents) for name in FORMATS)
    for part in ("title", "signature", "suffixes"):
        values = [getattr(known, part) for known in FORMATS.values()]
        assert len(set(values)) == len(values)


def test_every_estimator_has_its_module_and_the_other_way_round_and_can_be_the_headline() -> None:
    assert plugins("estimate/estimators") == sorted(ESTIMATORS)
    assert all(callable(module("estimate/estimators", name).estimate) for name in ESTIMATORS)
    headlines = SCHEMA["properties"]["fraction"]["properties"]["headline"]["enum"]
    assert headlines == list(ESTIMATORS)
    assert all(one.assumes for one in ESTIMATORS.values())


def test_every_check_has_its_module_and_the_other_way_round() -> None:
    assert plugins("estimate/checks") == sorted(CHECKS)
    for name, declared in CHECKS.items():
        taken = inspect.signature(module("estimate/checks", name).check).parameters
        assert list(taken)[1:] == (["test", "other"] if declared.of_pairs else ["test"])
        assert "{test}" in declared.fails
        assert ("{other}" in declared.fails) == declared.of_pairs


def test_no_two_modules_of_the_package_have_the_same_name() -> None:
    files = (REPO / "workflow" / "scripts" / "oddjet").rglob("*.py")
    names = [file.stem for file in files if file.stem != "__init__"]
    assert len(names) > 60
    assert [name for name in set(names) if names.count(name) > 1] == []


def rule_texts() -> dict[str, str]:
    texts = "".join(file.read_text("utf-8") for file in RULE_FILES)
    found = re.split(r"^rule ", texts, flags=re.MULTILINE)[1:]
    return {text.split(":")[0]: text for text in found}


def test_every_figure_is_an_output_of_its_rule_and_no_rule_has_others() -> None:
    drawing = {}
    for rule, text in rule_texts().items():
        made = re.findall(r"^    output:\n((?: {8}.*\n)+)", text, re.MULTILINE)
        outputs = "".join(made).split()
        assert not re.search(r"FIGURES}|\.png|\.pdf", "".join(made)), rule
        for name in re.findall(r'figures_of\("(\w+)"\)', "".join(made)):
            assert name == rule
            drawing[rule] = outputs
        if "**BENCHMARK_FIGURES," in outputs:
            drawing[rule] = outputs
    assert set(drawing) == {figure.rule for figure in FIGURES.values()}
    assert all(len(outputs) == 1 for outputs in drawing.values())
    benchmark = (REPO / "workflow" / "rules" / "benchmark.smk").read_text("utf-8")
    assert re.findall(r'figures_of\("(\w+)"\)', benchmark) == ["draw_benchmark"]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_saved_by_the_script_of_its_rule(name: str) -> None:
    (script,) = re.findall(r'"\.\./scripts/(\w+\.py)"', rule_texts()[FIGURES[name].rule])
    source = (REPO / "workflow" / "scripts" / script).read_text("utf-8")
    assert re.search(rf"(snakemake\.output|\bmade)\.{name}\b", source)


def test_every_figure_has_its_caption_and_every_caption_its_figure() -> None:
    captions = {file.stem for file in (REPO / "workflow" / "report").glob("*.rst")}
    others = {"summary", "page", "table", "workflow"}
    assert captions == {*FIGURES, *others}
    texts = "".join(file.read_text("utf-8") for file in RULE_FILES)
    for name in others:
        assert f"report/{name}.rst" in texts


def test_every_figure_lies_in_a_place_of_its_own_below_what_its_rule_is_run_for() -> None:
    paths = [figure.path for figure in FIGURES.values()]
    assert len(set(paths)) == len(paths)
    for rule in {figure.rule for figure in FIGURES.values()}:
        wildcards = [
            frozenset(re.findall(r"{(\w+)}", figure.path))
            for figure in FIGURES.values()
            if figure.rule == rule
        ]
        assert len(set(wildcards)) == 1  # or Snakemake refuses the rule


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
