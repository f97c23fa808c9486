"""The record of what made every result, and the comparison with it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import pytest

from oddjet.common.errors import InputError
from oddjet.common.files import sha256
from oddjet.planning.contents import contents
from oddjet.watch.manifest import manifest, verify


def job(
    rule: str, inputs: list[str], outputs: list[str], raw: Sequence[str] = (), **params: Any
) -> dict[str, Any]:
    return {
        "rule": rule,
        "wildcards": {"model": "S"},
        "params": params,
        "inputs": inputs,
        "raw": list(raw),
        "outputs": outputs,
    }


JOBS = [
    job("first", ["raw.npz"], ["results/S/a.h5"], ["raw.npz"], code="abc", seeds=[1, 2]),
    job("second", ["results/S/a.h5"], ["results/b.csv"]),
]


def prepare(output: str, *raw: str) -> None:
    """What a job that reads raw files leaves."""
    with h5py.File(output, "w") as opened:
        opened.attrs["raw"] = json.dumps([contents(file) for file in raw])


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a raw file, two results, a log, and their record."""
    monkeypatch.chdir(tmp_path)
    for name in ("raw.npz", "results/S/a.h5", "results/b.csv", "results/logs/a.log"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name, "utf-8")
    prepare("results/S/a.h5", "raw.npz")
    record = manifest({"seeds": [1, 2]}, JOBS)
    Path("results/provenance.json").write_text(json.dumps(record), "utf-8")
    return Path("results/provenance.json")


def compare() -> tuple[int, list[str]]:
    return verify("results/provenance.json", "results", ["results/logs"])


def test_every_file_has_its_checksum_rule_parameters_and_inputs(recorded: Path) -> None:
    record = json.loads(recorded.read_text("utf-8"))
    assert record["files"]["results/S/a.h5"] == {
        "sha256": sha256("results/S/a.h5"),
        "rule": "first",
        "wildcards": {"model": "S"},
        "parameters": {"code": "abc", "seeds": [1, 2]},
        "inputs": ["raw.npz"],
    }
    assert set(record["files"]) == {"results/S/a.h5", "results/b.csv"}


def test_configuration_versions_and_raw_files_stand_beside_them(recorded: Path) -> None:
    record = json.loads(recorded.read_text("utf-8"))
    assert record["configuration"] == {"seeds": [1, 2]}
    assert record["raw"] == {"raw.npz": sha256("raw.npz")}
    assert {"torch", "numpy", "matplotlib", "scikit-learn"} <= set(record["packages"])
    assert {"python", "git_commit"} <= set(record)


def test_untouched_results_are_as_they_were_made(recorded: Path) -> None:
    assert compare() == (3, [])


def test_a_raw_file_is_recorded_as_it_was_read(recorded: Path) -> None:
    read = sha256("raw.npz")
    Path("raw.npz").write_text("replaced before the record is written", "utf-8")
    record = manifest({}, JOBS)
    assert record["raw"] == {"raw.npz": read}
    recorded.write_text(json.dumps(record), "utf-8")
    assert compare() == (3, ["changed since the results were made from it: raw.npz"])
    Path("raw.npz").unlink()
    assert manifest({}, JOBS)["raw"] == {"raw.npz": read}


def test_what_a_raw_file_refers_to_is_recorded_beside_it(recorded: Path) -> None:
    for name in ("b.h5", "a.h5"):
        with h5py.File(name, "w") as opened:
            opened["x"] = h5py.ExternalLink("b.h5", "y") if name == "a.h5" else [1.0]
    prepare("results/S/a.h5", "a.h5")
    raw = manifest({}, [job("first", ["a.h5"], ["results/S/a.h5"], ["a.h5"])])["raw"]
    assert raw == {name: sha256(name) for name in ("a.h5", "b.h5")}


def test_each_of_several_raw_files_is_recorded_whatever_their_order(recorded: Path) -> None:
    files = ["z.npz", "raw.npz", "b.npz"]
    for name in files:
        Path(name).write_text(name, "utf-8")
    prepare("results/S/c.h5", *files)
    made = job("first", sorted(files), ["results/S/c.h5"], files)
    assert manifest({}, [made])["raw"] == {name: sha256(name) for name in sorted(files)}


def test_two_contents_of_one_raw_file_are_an_error(recorded: Path) -> None:
    Path("raw.npz").write_text("replaced between two jobs", "utf-8")
    prepare("results/S/c.h5", "raw.npz")
    with pytest.raises(InputError, match=r"raw\.npz: found that it changed between .*\nHint: "):
        manifest({}, [*JOBS, job("first", ["raw.npz"], ["results/S/c.h5"], ["raw.npz"])])


SPOILT: dict[str, tuple[Callable[[], object], str]] = {
    "a result is edited": (
        lambda: Path("results/b.csv").write_text("edited", "utf-8"),
        "changed since second made it: results/b.csv",
    ),
    "a result is gone": (Path("results/b.csv").unlink, "missing: results/b.csv"),
    "a raw file is another": (
        lambda: Path("raw.npz").write_text("other", "utf-8"),
        "changed since the results were made from it: raw.npz",
    ),
    "a file was put there": (
        lambda: Path("results/S/mine.csv").write_text("mine", "utf-8"),
        "not made by the last whole run: results/S/mine.csv",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_what_does_not_match_is_named(recorded: Path, case: str) -> None:
    spoil, line = SPOILT[case]
    spoil()
    assert compare() == (3, [line])


@pytest.mark.parametrize("content", [None, "{", "[]", '{"raw": {}}'])
def test_a_missing_or_damaged_record_is_said_so(recorded: Path, content: str | None) -> None:
    recorded.unlink() if content is None else recorded.write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"provenance\.json: found .*\nHint: "):
        compare()


def test_what_is_not_there_such_as_pieces_that_were_deleted_is_left_out(recorded: Path) -> None:
    before = json.loads(recorded.read_text("utf-8"))
    piece = job("read_piece", ["raw.npz"], ["results/piece.h5"], ["raw.npz"])
    assert manifest({"seeds": [1, 2]}, [piece, *JOBS]) == before
