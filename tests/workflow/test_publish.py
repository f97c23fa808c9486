"""What `snakemake publish` makes of a whole run, as the validators of each format judge it."""

import csv
import json
import math
import os
import re
import shutil
import subprocess
import sys
import zipfile
from copy import deepcopy
from getpass import getuser
from io import BytesIO
from pathlib import Path
from socket import gethostname
from typing import Any
from urllib.parse import quote, unquote

import h5py
import numpy as np
import pandas as pd
import pytest
import rocrate
import yaml
from conftest import AWKWARD, REPO, SCRIPTS, WHOLE, WholeRun, run_workflow
from jsonschema import Draft202012Validator
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from stranger import run_as_a_stranger
from urllib3 import HTTPResponse

from oddjet.apply import Score, apply
from oddjet.common.files import sha256
from oddjet.common.parts import CONTROL, SIGNAL
from oddjet.estimate import tagger


@pytest.fixture(scope="module")
def publication(published: WholeRun) -> Path:
    return published.results / "publication"


# result.json


@pytest.fixture(scope="module")
def result(publication: Path) -> dict[str, Any]:
    return json.loads((publication / "result.json").read_text("utf-8"))


def test_the_result_is_valid_by_the_schema_beside_it(
    publication: Path, result: dict[str, Any]
) -> None:
    schema = json.loads((publication / "result.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(result)


TYPED = (
    *("fractions", "checks", "uncertainty_budget", "discovery", "excess_peaks", "excess_agreement"),
    *("purity", "training", "tagger"),
)


@pytest.mark.parametrize("name", ["summary", *TYPED, "samples", "detection"])
def test_the_result_holds_every_cell_of_the_table_as_it_is(
    published: WholeRun, result: dict[str, Any], name: str
) -> None:
    file = published.results / ("summary.csv" if name == "summary" else f"tables/{name}.csv")
    with open(file, newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(result[name]) == len(rows) > 0
    for found, row in zip(result[name], rows, strict=True):
        assert list(found) == list(row)
        for column, cell in row.items():
            value = found[column]
            if value is None:
                assert cell in ("", "inf"), column
            elif isinstance(value, bool):
                assert str(value).lower() == cell.lower()
            elif isinstance(value, str):
                assert value == (Path(cell).name if column == "file" else cell)
            else:
                assert value == float(cell)  # to the last bit


# HEPData


@pytest.fixture(scope="module")
def submission(publication: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The submission, unpacked."""
    place = tmp_path_factory.mktemp("submission")
    with zipfile.ZipFile(publication / "hepdata.zip") as zipped:
        zipped.extractall(place)
    return place


def test_the_validator_of_hepdata_accepts_the_submission(publication: Path) -> None:
    # a process of its own: it uses what jsonschema has deprecated
    program = Path(sys.executable).with_name("hepdata-validate")
    command = [str(program), "-a", str(publication / "hepdata.zip")]
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "hepdata.zip is valid" in said.stdout
    assert said.stdout.count("is valid HEPData data YAML") >= 5


def test_the_submission_has_the_fractions_of_the_summary(
    submission: Path, result: dict[str, Any]
) -> None:
    table = yaml.safe_load((submission / "anomalous_fractions.yaml").read_text("utf-8"))
    models, tests = (
        [cell["value"] for cell in one["values"]] for one in table["independent_variables"]
    )
    (fraction,) = [
        one for one in table["dependent_variables"] if one["header"]["name"] == "Anomalous fraction"
    ]
    for row, model, test, cell in zip(
        result["summary"], models, tests, fraction["values"], strict=True
    ):
        assert (row["model"], row["test"]) == (model, test)
        assert cell["value"] == pytest.approx(row["fraction"], rel=1e-4)  # five digits
        down, up = [], []
        for error in cell["errors"]:
            both = error.get("asymerror") or {"minus": error["symerror"], "plus": error["symerror"]}
            down.append(both["minus"])
            up.append(both["plus"])
        # statistical and systematic in quadrature are the total interval
        assert math.hypot(*down) == pytest.approx(row["fraction"] - row["low"], rel=1e-3)
        assert math.hypot(*up) == pytest.approx(row["high"] - row["fraction"], rel=1e-3)


def test_every_table_of_the_submission_has_its_figure_a_thumbnail_and_a_caption(
    submission: Path,
) -> None:
    text = (submission / "submission.yaml").read_text("utf-8")
    _, *tables = yaml.safe_load_all(text)
    assert {table["name"].rstrip("0123456789 ") for table in tables} >= {
        *("Anomalous fractions", "Anomaly scores", "ROC curve", "Excess of test 1 in mass"),
    }
    for table in tables:
        image, small = (submission / one["location"] for one in table["additional_resources"])
        assert image.stat().st_size > small.stat().st_size > 1000
        assert len(table["description"]) > 100


# Methods


@pytest.fixture(scope="module")
def methods(publication: Path) -> str:
    return (publication / "methods.md").read_text("utf-8")


def test_the_methods_quote_or_refuse_the_headline_of_every_test(
    methods: str, result: dict[str, Any]
) -> None:
    said = methods.split("## Result")[1].split("## Samples")[0]
    for row in result["summary"]:
        assert f"{row['fraction']:.3f}" in said
        if row["headline"]:
            items = [one for one in said.splitlines() if one.startswith("- ")]
            (line,) = [one for one in items if f"`{row['test']}`" in one]
            assert ("refused" in line) != row["believable"]
            assert row["believable"] or row["reasons"] in line


def test_the_methods_show_figures_that_lie_beside_them(publication: Path, methods: str) -> None:
    shown = [unquote(path) for path in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", methods)]
    there = {str(path.relative_to(publication)) for path in publication.glob("figures/**/*.png")}
    assert set(shown) == there
    assert len(shown) == len(there) > 10


def test_the_references_of_the_methods_are_those_that_they_cite(
    publication: Path, methods: str
) -> None:
    text = (publication / "references.bib").read_text("utf-8")
    entries = set(re.findall(r"^@\w+\{([^,]+),$", text, flags=re.MULTILINE))
    assert entries == set(re.findall(r"@(\w+:\d{4})", methods))
    assert len(entries) > 20


# RO-Crate


class Served(BaseAdapter):
    """Answers every request with the terms of RO-Crate 1.1, as far as they occur here."""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        text = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text("utf-8")
        # the package brings the terms of 1.3; of those that occur, one was another in 1.1
        text = text.replace("bioschemas.org/terms/Comp", "bioschemas.org/Comp")
        response = Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(BytesIO(text.encode()), status=200, preload_content=False)
        return response

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of the validator, from which it takes the vocabulary: it asks no server."""
    place = tmp_path_factory.mktemp("cache") / "cache"
    with CachedSession(str(place), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", Served())
        assert session.get("https://w3id.org/ro/crate/1.1/context").ok
    return place


def test_the_validator_of_ro_crates_accepts_the_publication(
    publication: Path, vocabulary: Path, tmp_path: Path
) -> None:
    profile = "provenance-run-crate-0.5"  # and with it workflow-run-crate-0.5 and RO-Crate 1.1
    report = tmp_path / "report.json"
    command = [str(Path(sys.executable).with_name("rocrate-validator")), "--no-interactive"]
    command += ["validate", "--offline", "--cache-path", str(vocabulary), "--no-paging"]
    command += ["--profile-identifier", profile, "--requirement-severity", "required"]
    command += ["--output-format", "json", "--output-file", str(report), str(publication)]
    said = subprocess.run(command, capture_output=True, text=True)
    assert report.exists(), said.stdout + said.stderr
    found = json.loads(report.read_text("utf-8"))
    assert found["issues"] == []
    assert found["passed"]
    assert said.returncode == 0


@pytest.fixture(scope="module")
def graph(publication: Path) -> dict[str, dict[str, Any]]:
    content = json.loads((publication / "ro-crate-metadata.json").read_text("utf-8"))
    return {entity["@id"]: entity for entity in content["@graph"]}


def identifiers(value: Any) -> set[str]:
    many = value if isinstance(value, list) else [value]
    return {one["@id"] for one in many}


def test_the_crate_describes_every_file_that_lies_in_it(
    publication: Path, graph: dict[str, dict[str, Any]]
) -> None:
    there = {
        str(path.relative_to(publication)) for path in publication.rglob("*") if path.is_file()
    }
    parts = {unquote(part) for part in identifiers(graph["./"]["hasPart"])}
    assert parts | {"ro-crate-metadata.json"} == there
    for part in parts:
        if checksum := graph[quote(part)].get("sha256"):
            assert checksum == sha256(publication / part)


def test_the_crate_says_of_every_result_which_rule_made_it_from_what(
    published: WholeRun, graph: dict[str, dict[str, Any]]
) -> None:
    record = json.loads((published.results / "provenance.json").read_text("utf-8"))
    by_checksum = {one["sha256"]: name for name, one in graph.items() if name.startswith("ni:")}
    of_file = {path: by_checksum[facts["sha256"]] for path, facts in record["files"].items()}
    of_file |= {path: by_checksum[checksum] for path, checksum in record["raw"].items()}
    jobs = [one for name, one in graph.items() if name.startswith("#job-")]
    for path, facts in record["files"].items():
        makers = [job for job in jobs if of_file[path] in identifiers(job["result"])]
        names = {graph[job["instrument"]["@id"]]["name"]: job for job in makers}
        assert facts["rule"] in names
        read = {of_file[file] for file in facts["inputs"] if file in of_file}
        assert any(read == identifiers(job["object"]) for job in makers), path


# Scores as ONNX


def test_a_stranger_finds_the_scores_and_the_fraction_by_the_cut_of_the_workflow(
    published: WholeRun, tmp_path: Path
) -> None:
    score = published.results / "publication" / "scores" / "S_seed1.onnx"
    said = run_as_a_stranger(score, published.directory / "raw" / "high.npz", tmp_path / "out.h5")
    with h5py.File(published.results / "S" / "seed1" / "scores.h5") as known:
        event, error = known["high/event"][:], known["high/error"][:]
    with h5py.File(tmp_path / "out.h5") as found:
        np.testing.assert_allclose(found["anomaly_score"][:][event], error, rtol=1e-5)
    table = pd.read_csv(published.results / "tables" / "fractions.csv")
    (row,) = table.query(
        "model == 'S' and seed == '1' and test == 'high' and estimator == 'cut'"
    ).itertuples()
    assert said == f"{row.fraction:.4f} of the jets, of background at most {row.fpr_upper:.4f}\n"


def test_the_tagger_as_onnx_scores_raw_jets_as_the_workflow_did(
    published: WholeRun, tmp_path: Path
) -> None:
    """Each jet by the classifiers of its folds, from raw files to scores.h5."""
    score = Score.open(published.results / "publication" / "scores" / "weak_seed1.onnx")
    files = {CONTROL: "normal", AWKWARD: "low", "high": "high", SIGNAL: "signal"}
    with h5py.File(published.results / "weak" / "seed1" / "scores.h5") as known:
        for part, file in files.items():
            apply(score, [published.directory / "raw" / f"{file}.npz"], tmp_path / f"{file}.h5")
            with h5py.File(tmp_path / f"{file}.h5") as found:
                log_odds = found["log_odds"][:][known[part]["event"][:]]
            if part == CONTROL:
                control = log_odds
            chosen = known[part]["fold"][:]
            expected = tagger.ranks(tagger.of_folds(log_odds, chosen), chosen, control)
            np.testing.assert_allclose(known[part]["score"][:], expected, rtol=1e-5)


# All of it


def test_nothing_of_this_machine_is_in_the_publication(published: WholeRun) -> None:
    here = [str(published.directory), str(published.code), str(REPO), gethostname(), getuser()]
    for file in (published.results / "publication").rglob("*"):
        if file.suffix in (".json", ".md", ".bib", ".yaml", ".smk"):
            text = file.read_text("utf-8")
            assert [one for one in here if one in text and len(one) > 4] == [], file.name


def test_it_comes_back_byte_for_byte(published: WholeRun, tmp_path: Path) -> None:
    place = Path(shutil.copytree(published.directory, tmp_path / "again"))
    shutil.rmtree(place / "results" / "publication")
    done = published.run("publish", directory=place)
    assert done.returncode == 0, done.stdout + done.stderr

    def contents(directory: Path) -> dict[str, bytes]:
        folder = directory / "results" / "publication"
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    first, second = contents(published.directory), contents(place)
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_a_second_call_has_nothing_to_do(published: WholeRun) -> None:
    done = published.run("publish", "-n")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_publication_is_none_of_the_results_that_are_verified(published: WholeRun) -> None:
    done = published.run("verify")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_default_run_does_not_publish(whole_run: WholeRun) -> None:
    assert not (whole_run.results / "publication").exists()


def test_without_truth_the_publication_holds_none(published: WholeRun, tmp_path: Path) -> None:
    config = deepcopy(WHOLE)
    del config["samples"]["tests"]["high"]["truth"]
    place = Path(shutil.copytree(published.directory, tmp_path / "untold"))
    done = published.run("publish", config=config, directory=place)
    assert done.returncode == 0, done.stdout + done.stderr
    publication = place / "results" / "publication"
    result = json.loads((publication / "result.json").read_text("utf-8"))
    assert "detection" not in result
    assert {row["auc"] for row in result["summary"]} == {None}
    assert all(row["purity_truth"] is None for row in result["purity"] if "purity_truth" in row)
    assert "truth" not in (publication / "methods.md").read_text("utf-8").split("## Figures")[0]
    with zipfile.ZipFile(publication / "hepdata.zip") as zipped:
        assert [name for name in zipped.namelist() if "roc" in name] == []


def test_without_its_packages_it_says_what_to_install(
    tiny_samples: Path, tiny_config: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, *rest: real(name, *rest) if name != 'rocrate' else None\n",
        "utf-8",
    )
    done = run_workflow(
        *("publish", "-n"),
        config=tiny_config,
        directory=tiny_samples,
        environment={"PYTHONPATH": str(tmp_path / "missing")},
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "The target publish needs packages that are not installed: rocrate" in said
    assert "Hint: pip install -r" in said


# The notebook


NOTEBOOK = REPO / "docs" / "notebooks" / "read_results.ipynb"


def test_the_notebook_reads_a_run_draws_three_figures_and_fits_with_other_anchors(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    done = tmp_path / "done.ipynb"
    program = str(Path(sys.executable).with_name("jupyter-execute"))
    places = {"PYTHONPATH": str(SCRIPTS), "ODDJET_RESULTS": str(whole_run.results)}
    places |= {name: str(tmp_path) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR")}
    said = subprocess.run(
        [program, f"--output={done}", str(NOTEBOOK)],
        # figures go into the notebook, whatever backend `make` asks for
        env={key: value for key, value in os.environ.items() if key != "MPLBACKEND"} | places,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, said.stderr  # it compares its own fit with the run's
    cells = json.loads(done.read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    (table,) = [
        text
        for output in outputs
        if "anchor" in (text := "".join(output.get("data", {}).get("text/plain", ())))
    ]
    assert len(re.findall(r"^0\.\d ", table, flags=re.MULTILINE)) == 5


def test_the_notebook_holds_no_outputs_of_a_run() -> None:
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs")] == []
