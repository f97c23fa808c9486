"""A research object: what made every file of a run, as RO-Crate 1.1 metadata.

By the profiles Workflow Run Crate and Provenance Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate/): the run of the workflow is an action, and each
of its jobs is one, with the files that it read and made.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.model.person import Person
from rocrate.rocrate import ROCrate

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}  # beside those of RO-Crate
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
UNDATED = "1970-01-01"  # of a draft: the standard requires a date
MEDIA_TYPES = {
    ".bib": "application/x-bibtex",
    ".csv": "text/csv",
    ".json": "application/json",
    ".md": "text/markdown",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".smk": "text/plain",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}


class Crate:
    """A crate that grows by files and jobs."""

    def __init__(self, about: Mapping[str, Any], description: str) -> None:
        """Begin with who made what.

        Args:
            about: `title`, `authors`, `licence` and `date`, as `publish` in the configuration.
            description: what it is.
        """
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms.update(TERMS)
        self.files: dict[str, Entity] = {}  # by their paths
        self.actions: list[Entity] = []
        root = self.crate.root_dataset
        self.authors = [
            self.crate.add(
                Person(self.crate, _person(author, number), properties={"name": author["name"]})
            )
            for number, author in enumerate(about["authors"], 1)
        ]
        licence = self._add(
            f"https://spdx.org/licenses/{about['licence']}",
            {"@type": "CreativeWork", "name": about["licence"]},
        )
        root["name"] = about["title"]
        root["description"] = description
        root["license"] = licence
        root["datePublished"] = about["date"] or UNDATED
        root["creativeWorkStatus"] = "Published" if about["date"] else "Draft"
        _set(root, "author", self.authors)
        root["conformsTo"] = [
            self._add(
                profile,
                {"@type": "CreativeWork", "name": name, "version": profile.rsplit("/", 1)[1]},
            )
            for profile, name in PROFILES.items()
        ]
        self.crate.metadata["conformsTo"] = [
            {"@id": "https://w3id.org/ro/crate/1.1"},
            {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
        ]

    def _add(self, identifier: str, properties: Mapping[str, Any]) -> Entity:
        entity = ContextEntity(self.crate, identifier, properties=dict(properties))
        return self.crate.add(entity)

    def add_file(self, path: str, inside: str, sha256: str) -> Entity:
        """Add a file that lies in the crate.

        Args:
            path: by which jobs know it.
            inside: its path below the root of the crate.
            sha256: of its content, as hexadecimal digits.
        """
        properties = {"name": inside, "sha256": sha256}
        properties["encodingFormat"] = MEDIA_TYPES[Path(inside).suffix]
        self.files[path] = self.crate.add_file(dest_path=inside, properties=properties)
        return self.files[path]

    def name_file(self, path: str, name: str, sha256: str) -> Entity:
        """Add a file that does not lie in the crate, named by its content (RFC 6920).

        Files of the same content are one thing with several names.
        """
        digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
        identifier = f"ni:///sha-256;{digest}"
        known = self.crate.dereference(identifier)
        if known is None:
            known = self._add(identifier, {"@type": "CreativeWork", "name": name, "sha256": sha256})
        elif name != known["name"]:
            names = {*known.get("alternateName", []), name}
            known["alternateName"] = sorted(names)
        self.files[path] = known
        return known

    def add_workflow(
        self, path: Path, files: Mapping[str, str], versions: Mapping[str, str]
    ) -> None:
        """Add the workflow and what runs it.

        Args:
            path: of its main file.
            files: the SHA-256 of each file by its path below the root of the crate, the main
                file first.
            versions: of `oddjet`, its `commit`, and `snakemake`.
        """
        crate = self.crate
        language = self._add(
            LANGUAGE,
            {
                **{"@type": "ComputerLanguage", "name": "Snakemake", "alternateName": "SMK"},
                "identifier": {"@id": "https://doi.org/10.12688/f1000research.29032.1"},
                "url": {"@id": "https://snakemake.github.io"},
            },
        )
        (inside, checksum), *parts = files.items()
        self.workflow = crate.add(ComputationalWorkflow(crate, path, inside))
        self.workflow["sha256"] = checksum
        self.workflow._jsonld["@type"] = [*self.workflow.type, "HowTo"]
        self.workflow["name"] = "oddjet"
        self.workflow["version"] = f"{versions['oddjet']}, commit {versions['commit']}"
        self.workflow["programmingLanguage"] = language
        self.workflow["license"] = self._add(
            "https://spdx.org/licenses/BSD-3-Clause",
            {"@type": "CreativeWork", "name": "BSD-3-Clause"},
        )
        self.workflow["encodingFormat"] = MEDIA_TYPES[".smk"]
        for part, checksum in parts:
            encoding = MEDIA_TYPES[Path(part).suffix]
            properties = {"name": part, "encodingFormat": encoding, "sha256": checksum}
            crate.add_file(dest_path=part, properties=properties)
        crate.mainEntity = self.workflow
        self.engine = self._add(
            "https://snakemake.github.io",
            {
                **{"@type": "SoftwareApplication", "name": "Snakemake"},
                **{"version": versions["snakemake"], "url": "https://snakemake.github.io"},
            },
        )

    def add_run(self, jobs: Sequence[Mapping[str, Any]], rules: Mapping[str, str]) -> None:
        """Add what was run: a tool for each rule and code, a step for each rule, the jobs.

        Files that are not known are left out.

        Args:
            jobs: of each `rule`, `wildcards`, `code` (the hash of what it computes with), `inputs`
                and `outputs`, in the order of the rules.
            rules: what each rule does, by its name.
        """
        tools: dict[tuple[str, str], Entity] = {}
        steps: dict[str, Entity] = {}
        controls = []
        for number, job in enumerate(jobs, 1):
            rule, key = job["rule"], (job["rule"], job["code"])
            if key not in tools:
                tools[key] = self._add(
                    f"#{rule}-{job['code']}",
                    {
                        "@type": "SoftwareApplication",
                        **{"name": rule, "softwareVersion": job["code"]},
                        "description": rules[rule],
                    },
                )
            if rule not in steps:
                steps[rule] = self._add(
                    f"#{rule}",
                    {"@type": "HowToStep", "name": rule, "position": str(len(steps) + 1)},
                )
            wildcards = ", ".join(f"{name} {value}" for name, value in job["wildcards"].items())
            name = f"{rule} ({wildcards})" if wildcards else rule
            action = self._action(f"#job-{number}", name, tools[key], job["inputs"], job["outputs"])
            action["description"] = rules[rule]
            controls.append(
                self._add(f"#control-{number}", {"@type": "ControlAction", "name": f"run {name}"})
            )
            controls[-1]["instrument"] = steps[rule]
            controls[-1]["object"] = action
        for rule, step in steps.items():
            _set(step, "workExample", [tool for (name, _), tool in tools.items() if name == rule])
        _set(self.workflow, "hasPart", list(tools.values()))
        _set(self.workflow, "step", list(steps.values()))
        made = {path for job in jobs for path in job["outputs"]}
        read = sorted({path for job in jobs for path in job["inputs"]} - made)
        whole = self._action("#run", "run of oddjet", self.workflow, read, sorted(made))
        whole["description"] = "The whole run, from raw files to this publication."
        organised = self._add("#organise", {"@type": "OrganizeAction", "name": "Snakemake's run"})
        organised["instrument"] = self.engine
        _set(organised, "object", controls)
        organised["result"] = whole
        self.crate.root_dataset["mentions"] = self.actions

    def _action(
        self,
        identifier: str,
        name: str,
        instrument: Entity,
        inputs: Iterable[str],
        outputs: Iterable[str],
    ) -> Entity:
        action = self._add(identifier, {"@type": "CreateAction", "name": name})
        action["instrument"] = instrument
        _set(action, "object", list(self._known(inputs)))
        _set(action, "result", list(self._known(outputs)))
        _set(action, "agent", self.authors)
        self.actions.append(action)
        return action

    def _known(self, paths: Iterable[str]) -> Iterator[Entity]:
        """Files, each once."""
        seen = set()
        for path in paths:
            entity = self.files.get(path)
            if entity is not None and entity.id not in seen:
                seen.add(entity.id)
                yield entity

    def as_text(self) -> str:
        """The metadata as JSON, a line for each entity."""
        content = self.crate.metadata.generate()
        lines = [json.dumps(one, ensure_ascii=False, sort_keys=True) for one in content["@graph"]]
        context = json.dumps(content["@context"])
        return f'{{"@context": {context},\n "@graph": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"


def _set(entity: Entity, key: str, values: list[Entity]) -> None:
    """Several values as a list, one as it is, none not at all, as RO-Crate wants them."""
    if values:
        entity[key] = values if len(values) > 1 else values[0]


def _person(author: Mapping[str, str], number: int) -> str:
    return f"https://orcid.org/{author['orcid']}" if "orcid" in author else f"#author-{number}"


def jobs_of(
    record: Mapping[str, Any], publishing: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The jobs behind all files, each once.

    Args:
        record: as `provenance.json`, of the results.
        publishing: jobs that made more from them, as `watch.jobs.jobs_behind` describes them.
    """
    found: dict[str, dict[str, Any]] = {}
    for path, facts in record["files"].items():
        key = json.dumps([facts["rule"], facts["wildcards"]], sort_keys=True)
        if key not in found:
            found[key] = {name: facts[name] for name in ("rule", "wildcards", "inputs")}
            found[key] |= {"code": facts["parameters"]["code"], "outputs": []}
        found[key]["outputs"].append(path)
    return [*found.values(), *map(dict, publishing)]


def without_places(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without where anything lies: files by their names alone."""

    def bare(part: Any, key: str) -> Any:
        if isinstance(part, Mapping):
            return {name: bare(value, name) for name, value in part.items()}
        if isinstance(part, list):
            return [bare(value, key) for value in part]
        return Path(part).name if key in ("file", "url", "results") else part

    return bare(config, "")
