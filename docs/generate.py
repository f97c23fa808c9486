"""Write the generated parts of the documentation: `python docs/generate.py`.

docs/configuration.md comes from the schema, docs/features.md from the package, docs/rules.md from
the rules' docstrings and Snakemake's own rule graph. A test fails when they differ from what this
would write.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
SCHEMA = REPOSITORY / "workflow/schemas/config.schema.yaml"
CONFIG = REPOSITORY / "config/config.yaml"
DEFINITIONS = yaml.safe_load(SCHEMA.read_text("utf-8"))["$defs"]
NOTICE = "<!-- Written by docs/generate.py; edit {} instead. -->\n\n"


def configuration() -> str:
    """Every key of the configuration, from the schema."""
    schema = yaml.safe_load(SCHEMA.read_text("utf-8"))
    defaults = yaml.safe_load(CONFIG.read_text("utf-8"))
    lines = [
        NOTICE.format("workflow/schemas/config.schema.yaml") + "# Configuration\n",
        f"{schema['description']} An unknown or misspelt key is an error before any job starts.\n",
        "| key | meaning | type and limits | default |",
        "|---|---|---|---|",
        *_rows(schema, "", defaults),
    ]
    return "\n".join(lines) + "\n"


def _rows(node: Mapping[str, Any], path: str, defaults: Any) -> Iterator[str]:
    """A row for each property; the default is the configuration file's, else the schema's."""
    children = [(name, child, "") for name, child in node.get("properties", {}).items()]
    for branch in node.get("allOf", ()):
        (kinds,) = branch["if"]["properties"].values()
        kinds = kinds.get("enum", [kinds.get("const")])
        for side, what in (("then", " or ".join(kinds)), ("else", "other kinds")):
            of_kind = branch.get(side, {}).get("properties", {})
            children += [(name, child, f" ({what})") for name, child in of_kind.items()]
    if isinstance(node.get("additionalProperties"), dict):
        children.append(("NAME", node["additionalProperties"], ""))
    for name, child, kinds in children:
        if "$ref" in child:
            child = DEFINITIONS[child["$ref"].rsplit("/", 1)[1]] | child
        key = f"{path}.{name}" if path else name
        here = defaults.get(name) if isinstance(defaults, dict) else None
        default = child.get("default") if here is None else here
        text = "" if default is None or isinstance(here, dict) else f"`{json.dumps(default)}`"
        if len(text) > 60:
            text = "see config/config.yaml"
        meaning = child.get("description", "")
        if meaning or text:
            yield f"| `{key}`{kinds} | {meaning} | {_limits(child)} | {text} |"
        # a model's keys are those of `models`, and what it changes those of the sections
        if not (path.startswith("models") and name in ("preprocessing", "training")) and not (
            path.startswith("benchmark.")
        ):
            yield from _rows(child, key, here)


def _limits(node: Mapping[str, Any]) -> str:
    if "enum" in node:
        return " or ".join(f"`{json.dumps(choice)}`".replace('"', "") for choice in node["enum"])
    if "anyOf" in node:
        return " or ".join(_limits(option) for option in node["anyOf"])
    if "const" in node:
        return f"`{node['const']}`"
    if "if" in node:
        return " or ".join(_limits(node[side]) for side in ("then", "else"))
    if "$ref" in node:
        return _limits(DEFINITIONS[node["$ref"].rsplit("/", 1)[1]])
    if "additionalProperties" in node:
        return "mapping or null" if "null" in node.get("type", ()) else "mapping"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {node[name]}" for name, sign in signs.items() if name in node]
    kind = {"object": "mapping", "string": "text", "array": "list"}.get(node["type"], node["type"])
    return ", ".join([kind, *bounds])


def features() -> str:
    """Every substructure feature, from the module that computes them."""
    sys.path.insert(0, str(REPOSITORY / "workflow/scripts"))
    from oddjet.prepare.features import FEATURES, MOST

    lines = [
        NOTICE.format("workflow/scripts/oddjet/prepare/features.py") + "# Substructure features\n",
        "Of every jet, from its lit pixels (all channels together) or its constituents. z is a"
        " share of the jet's pT, r a distance from its pT centroid, theta one between two pixels,"
        " in units of half the longer side of the image, or in rad. From `e2_2` on sums run over"
        f" the {MOST} brightest pixels or constituents alone, where no smaller number is said."
        " Samples of several channels also have `channel_0`, ..., the share of each.\n",
        "| feature | what it is |",
        "|---|---|",
        *(f"| `{name}` | {text} |" for name, text in FEATURES.items()),
    ]
    return "\n".join(lines) + "\n"


def rules() -> str:
    """The rule graph, and what each rule does, from its docstring."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "mermaid-js"]
    command += ["--snakefile", str(REPOSITORY / "Snakefile")]
    # where nothing has run yet: a first training waits for the check of the samples
    with tempfile.TemporaryDirectory() as empty:
        graph = subprocess.run(
            [*command, "--directory", empty], capture_output=True, text=True, check=True
        ).stdout
    # numbers and order of the nodes change from call to call; names do not
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", graph))
    arrows = re.findall(r"(id\d+) --> (id\d+)", graph)
    drawn = sorted(f"    {names[start]} --> {names[end]}" for start, end in arrows)
    lines = [
        NOTICE.format("the docstrings of the rules") + "# Rules\n",
        "An arrow leads from a rule to those that need what it makes. Optional targets (`download`,"
        " `simulate`, `coverage`, `benchmark`, `publish`, `verify`, `status`) are listed below and"
        " not drawn.\n",
        "```mermaid",
        "flowchart TB",
        *drawn,
        "```\n",
    ]
    for file in sorted((REPOSITORY / "workflow/rules").glob("*.smk")):
        found = list(_docstrings(file.read_text("utf-8")))
        if found:
            lines.append(f"## {file.name}\n")
            lines += [f"**{name}.** {text}\n" for name, text in found]
    return "\n".join(lines)


def _docstrings(source: str) -> Iterator[tuple[str, str]]:
    documented = re.compile(r'^rule (\w+):\n\s+(""".*?""")', re.S | re.M)
    inherited = re.compile(r"^use rule \w+ as (\w+) with:\n((?:\s+# .*\n)+)", re.M)
    for match in sorted(
        [*documented.finditer(source), *inherited.finditer(source)], key=re.Match.start
    ):
        name, text = match.groups()
        text = ast.literal_eval(text) if text.startswith('"') else text.replace("#", "")
        yield name, " ".join(text.split())


if __name__ == "__main__":
    (REPOSITORY / "docs/configuration.md").write_text(configuration(), "utf-8")
    (REPOSITORY / "docs/features.md").write_text(features(), "utf-8")
    (REPOSITORY / "docs/rules.md").write_text(rules(), "utf-8")
