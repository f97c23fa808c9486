"""Samples of several files: read as if they were one, and refused where they do not agree."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
import uproot
from conftest import IMAGES, jets

from oddjet.common.errors import InputError
from oddjet.planning.contents import contents
from oddjet.prepare import arrays
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.constituents import jet_images
from oddjet.prepare.images import Images
from oddjet.prepare.raw import open_array, open_column, read_truth
from oddjet.prepare.samples import (
    check_together,
    prepare_normal,
    prepare_test,
    prepare_truth,
    sources,
)

EVENTS, MOST = 120, 20
VECTORS = IMAGES | {"layout": "constituents", "size": 16, "constituents": MOST}
COLUMNS = ["E", "PX", "PY", "PZ"]
STEPS = {"centre": True, "rotate": True, "flip": True, "crop": "auto", "size": 16}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}


def constituents() -> np.ndarray:
    """Massless E, px, py, pz, float32 (120, 20, 4)."""
    rng = np.random.default_rng(5)
    pt = rng.exponential(30, (EVENTS, MOST)) + 1
    eta, phi = rng.normal(0, 0.2, pt.shape), 1 + rng.normal(0, 0.2, pt.shape)
    parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(parts, axis=-1).astype(np.float32)


LABELS = np.arange(EVENTS) % 3


def write(path: Path, rows: slice) -> str:
    """Some jets as a table with labels, in the format of the suffix."""
    vectors, labels = constituents()[rows], LABELS[rows]
    columns = dict(zip(COLUMNS, np.moveaxis(vectors, -1, 0), strict=True))
    if path.suffix == ".parquet":
        kinds = [(name, pyarrow.list_(pyarrow.float32())) for name in COLUMNS]
        schema = pyarrow.schema([*kinds, ("label", pyarrow.int64())])
        lists = {name: values.tolist() for name, values in columns.items()}
        pyarrow.parquet.write_table(pyarrow.table(lists | {"label": labels}, schema), path)
    elif path.suffix == ".root":
        with uproot.recreate(path) as file:
            file["tree"] = columns | {"label": labels}
    else:
        found = {f"{c}_{n}": values[:, n] for c, values in columns.items() for n in range(MOST)}
        pd.DataFrame(found | {"label": labels}).to_hdf(path, key="table", format="table")
    return str(path)


SUFFIXES = ("h5", "parquet", "root")


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """40 files of three jets in three formats, in the order of the whole."""
    place = tmp_path_factory.mktemp("forty")
    return [
        write(place / f"{number:02}.{SUFFIXES[number % 3]}", slice(3 * number, 3 * number + 3))
        for number in range(40)
    ]


def prepared(directory: Path, sample: dict[str, Any]) -> list[Path]:
    """A sample as the normal one and as a test, with truth, from wherever it is prepared."""
    directory.mkdir()
    normal, test, truth = (directory / f"{name}.h5" for name in ("normal", "test", "truth"))
    prepare_normal(sample, VECTORS, normal, STEPS, SPLIT)
    prepare_test(sample, VECTORS, test, STEPS, normal)
    labels = {"file": sample["file"], "column": "label", "anomalous": 2}
    prepare_truth(labels, test, truth, [contents(file) for file in sample["file"]])
    return [normal, test, truth]


def datasets(path: Path) -> dict[str, np.ndarray]:
    """All datasets of a file but that which says which raw file a jet is from."""
    found: dict[str, np.ndarray] = {}

    def look_at(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset) and name != "source":
            found[name] = item[:]

    with h5py.File(path) as file:
        file.visititems(look_at)
    return found


@pytest.mark.parametrize("choice", [{}, {"rows": [4, 110], "where": {"label": [0, 2]}}])
def test_forty_files_in_three_formats_are_prepared_as_the_same_jets_in_one(
    tmp_path: Path, forty: list[str], choice: dict[str, Any]
) -> None:
    one = [write(tmp_path / "one.parquet", slice(None))]
    made = [
        prepared(tmp_path / name, {"file": files} | choice)
        for name, files in (("many", forty), ("one", one))
    ]
    for many, alone in zip(*made, strict=True):
        found, expected = datasets(many), datasets(alone)
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values, err_msg=name)


def test_each_event_is_known_by_its_file_and_its_row_there(
    tmp_path: Path, forty: list[str]
) -> None:
    normal, test, _ = prepared(tmp_path / "many", {"file": forty, "where": {"label": 1}})
    with h5py.File(normal) as file:
        event, source = file["event"][:], file["source"][:]
        assert len(json.loads(file.attrs["raw"])) == 40
    listed = sources({"normal": normal, "a": test}, [forty, forty])
    assert [row["file"] for row in listed] == forty * 2
    assert [row["sample"] for row in listed] == ["normal"] * 40 + ["a"] * 40
    assert {row["events"] for row in listed} == {3}
    for row, number in zip(event, source, strict=True):
        known = listed[number]
        assert known["source"] == number
        there = open_array(known["file"], None, COLUMNS, MOST)
        (jet,) = (piece[row - known["first_event"]] for piece in there.pieces())
        np.testing.assert_array_equal(jet, constituents()[row])


def test_arrays_of_several_formats_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = jets(12)
    np.save(tmp_path / "a.npy", whole[:5])
    np.savez(tmp_path / "b.npz", x=whole[5:6])
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["X"] = whole[6:].astype(">f4")
    files = [tmp_path / name for name in ("a.npy", "b.npz", "c.h5")]
    monkeypatch.setattr(arrays, "PIECE_BYTES", 2 * whole[0].nbytes)
    found = open_array(files)
    assert (found.shape, found.counts) == (whole.shape, (5, 1, 6))
    read = list(found.pieces())
    assert max(map(len, read)) == 2
    np.testing.assert_array_equal(np.concatenate(read), whole)
    assert [found.origin(row) for row in (0, 5, 11)] == [
        (files[0], 0),
        (files[1], 0),
        (files[2], 5),
    ]
    images = Images({"file": files, "rows": [4, 8]}, IMAGES)
    chosen = np.concatenate([piece.images.dense() for piece in images.pieces()])
    np.testing.assert_array_equal(chosen[:, 0], whole[4:8])


def in_several_ways(place: Path, whole: np.ndarray) -> Iterator[RawArray]:
    """The same rows from each reader, and from several of them, joined."""
    np.save(place / "a.npy", whole)
    np.savez_compressed(place / "b.npz", c=whole, f=np.asfortranarray(whole))
    with h5py.File(place / "c.h5", "w") as file:
        file["X"] = whole
    table = pyarrow.table({"E": whole[:, :, 0].tolist(), "PX": whole[:, :, 1].tolist()})
    pyarrow.parquet.write_table(table, place / "d.parquet", row_group_size=5)
    with uproot.recreate(place / "e.root") as file:
        file["tree"] = {"E": whole[:, :, 0], "PX": whole[:, :, 1]}
    flat = pd.DataFrame(whole.reshape(len(whole), -1), columns=["E_0", "PX_0", "E_1", "PX_1"])
    for format in ("fixed", "table"):
        flat.to_hdf(place / f"{format}.h5", key="table", format=format)
    yield from (open_array(place / name) for name in ("a.npy", "c.h5"))
    yield from (open_array(place / "b.npz", key) for key in "cf")
    for name in ("d.parquet", "e.root", "fixed.h5", "table.h5"):
        yield open_array(place / name, None, ["E", "PX"], 2)
    yield open_array([place / "d.parquet", place / "table.h5"], None, ["E", "PX"], 2)


@pytest.mark.parametrize("start", [0, 1, 5, 12])
def test_reading_begins_at_any_row_in_every_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    whole = np.arange(52, dtype=float).reshape(13, 2, 2)
    monkeypatch.setattr(arrays, "PIECE_BYTES", 4 * whole[0].nbytes)
    *alone, joined = in_several_ways(tmp_path, whole)
    for raw in alone:
        np.testing.assert_array_equal(
            np.concatenate(list(raw.pieces(start))), whole[start:], err_msg=str(raw.file)
        )
    for first in (start, start + 13):
        found = np.concatenate(list(joined.pieces(first)))
        np.testing.assert_array_equal(found, np.concatenate([whole, whole])[first:])


def test_a_pixel_that_is_none_is_named_by_its_file_and_its_row_there(tmp_path: Path) -> None:
    whole = jets(12)
    whole[8, 3, 2] = np.nan
    for name, rows in (("a", slice(5)), ("b", slice(5, 12))):
        np.save(tmp_path / f"{name}.npy", whole[rows])
    files = [tmp_path / "a.npy", tmp_path / "b.npy"]
    with pytest.raises(InputError, match=r"b\.npy: found pixel nan at \(3, 2\) of event 3 in"):
        list(Images({"file": files}, IMAGES).pieces())


def test_damage_is_said_of_the_file_that_has_it(tmp_path: Path) -> None:
    for name in ("a", "b"):
        np.savez(tmp_path / f"{name}.npz", x=jets(12))
    data = bytearray((tmp_path / "b.npz").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "b.npz").write_bytes(data)
    found = open_array([tmp_path / "a.npz", tmp_path / "b.npz"])
    with pytest.raises(InputError, match=r"b\.npz: found damaged data"):
        list(found.pieces())


@pytest.mark.parametrize(("most", "there"), [(200, 9), (6, 6)])
def test_files_may_hold_different_numbers_of_constituents(
    tmp_path: Path, most: int, there: int
) -> None:
    vectors = constituents()[:6, :9].copy()
    vectors[:4, 5:] = 0
    np.savez(tmp_path / "a.npz", x=vectors[:4, :5], y=np.arange(4))  # padded to its own longest jet
    np.savez(tmp_path / "b.npz", x=vectors[4:], y=np.arange(4, 6))
    files = [tmp_path / "a.npz", tmp_path / "b.npz"]
    settings = VECTORS | {"constituents": most}
    images = Images({"file": files, "key": "x", "where": {"y": [1, 3, 4]}}, settings)
    assert images.raw.shape == (6, there, 4)
    (piece,) = images.pieces()
    expected, *_ = jet_images(vectors[[1, 3, 4], :there].astype(float), 16, VECTORS["half_width"])
    np.testing.assert_array_equal(piece.images.dense(), expected)


def test_files_that_hold_the_same_jets_are_named(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{name}.npy") for name in "abc"]
    for seed, file in enumerate(files):
        np.save(file, np.concatenate([jets(40, seed=seed), jets(5, seed=9 if seed else 8)]))
    paths = [tmp_path / f"{name}.h5" for name in ("normal", "test")]
    prepare_normal({"file": files}, IMAGES, paths[0], STEPS, SPLIT)
    prepare_test({"file": files[0]}, IMAGES, paths[1], STEPS, paths[0])
    normal, test = check_together(
        paths[0],
        {"a": str(paths[1])},
        [files, files[:1]],
        validation=0.2,
        least_control=29,
        max_fpr=0.1,
    )
    said = f"5 jets are copies of others in it (5 in {files[1]} and {files[2]}): drop duplicates"
    assert said in normal["warnings"]
    assert "copies" not in test["warnings"]
    said = f"45 jets are in another sample too (45 in {files[0]} and {files[0]}): each belongs to"
    assert said in test["warnings"]


def test_a_small_file_that_another_one_holds_is_named_however_large_the_sample_is(
    tmp_path: Path,
) -> None:
    files = [str(tmp_path / f"{name}.npy") for name in "abc"]
    whole = jets(2000)
    for file, rows in zip(files, (slice(None), slice(30, 34), slice(0)), strict=True):
        np.save(file, whole[rows] if rows != slice(0) else jets(40, seed=1))
    paths = [tmp_path / f"{name}.h5" for name in ("normal", "test")]
    prepare_normal({"file": files[:2]}, IMAGES, paths[0], STEPS, SPLIT)
    prepare_test({"file": files[2]}, IMAGES, paths[1], STEPS, paths[0])
    lists = [files[:2], files[2:]]
    normal, _ = check_together(paths[0], {"a": str(paths[1])}, lists, 0.2, 29, 0.1)
    assert (
        normal["warnings"]
        == f"4 jets are copies of others in it (4 in {files[0]} and {files[1]}): drop duplicates"
    )


def test_rows_before_and_behind_those_that_are_asked_for_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = jets(12)
    for name, rows in (("a", slice(5)), ("b", slice(5, 12))):
        np.save(tmp_path / f"{name}.npy", whole[rows])
    monkeypatch.setattr(arrays, "PIECE_BYTES", whole[0].nbytes)
    images = Images({"file": [tmp_path / "a.npy", tmp_path / "b.npy"], "rows": [1, 3]}, IMAGES)
    read = 0

    def pieces(start: int) -> Iterator[np.ndarray]:
        nonlocal read
        for piece in whole[start:, None]:
            read += 1
            yield piece

    monkeypatch.setattr(type(images.raw), "pieces", lambda _, start, at_once: pieces(start))
    (piece,) = images.pieces()
    np.testing.assert_array_equal(piece.images.dense()[:, 0], whole[1:3])
    assert read == 2


# Files that do not agree

OTHERS: dict[str, tuple[dict[str, np.ndarray], str]] = {
    "shape": (
        {"x": jets(3, size=17)},
        r"float32, \(events, 17, 17\); .* \(events, 16, 16\) as 'x'",
    ),
    "type": ({"x": jets(3).astype(float)}, r"'x' of float64, .*; expected float32, .* in .*a\.npz"),
    "key": ({"y": jets(3)}, r"'y' alone; expected 'x' as in .*a\.npz"),
    "several arrays": ({"x": jets(3), "y": jets(3)}, r" x .*, y .*; expected one array"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_files_that_do_not_agree_are_named(tmp_path: Path, what: str) -> None:
    other, message = OTHERS[what]
    np.savez(tmp_path / "a.npz", x=jets(5))
    np.savez(tmp_path / "b.npz", **other)
    with pytest.raises(InputError, match=r"b\.npz: found.*" + message):
        open_array([tmp_path / "a.npz", tmp_path / "b.npz"])


def test_constituents_beside_what_are_none_are_named(tmp_path: Path) -> None:
    for name, shape in (("a", (3, 5, 4)), ("b", (3, 6, 4)), ("c", (3,))):
        np.save(tmp_path / f"{name}.npy", np.ones(shape))
    with pytest.raises(InputError, match=r"c\.npy: found array 'array' of float64, \(events\)"):
        open_array([tmp_path / f"{name}.npy" for name in "ac"], most=9)
    with pytest.raises(InputError, match=r"b\.npy: found array 'array' of float64, \(events, 6, 4"):
        open_array([tmp_path / f"{name}.npy" for name in "abc"], most=9)


def test_a_column_that_one_file_lacks_is_named_with_that_file(tmp_path: Path) -> None:
    files = [write(tmp_path / "a.parquet", slice(3))]
    pyarrow.parquet.write_table(pyarrow.table({"E": [[1.0]], "label": [1]}), tmp_path / "b.parquet")
    files.append(str(tmp_path / "b.parquet"))
    with pytest.raises(InputError, match=r"b\.parquet: found no column PX"):
        open_array(files, None, COLUMNS, MOST)


def test_labels_of_several_files_are_as_many_as_the_events(tmp_path: Path) -> None:
    for name, labels in (("a", [0, 1]), ("b", [1])):
        np.save(tmp_path / f"{name}.npy", labels)
    raw = open_column([tmp_path / "a.npy", tmp_path / "b.npy"])
    assert read_truth(raw, 3).tolist() == [0, 1, 1]
    with pytest.raises(
        InputError, match=r"a\.npy and 1 more: found truth .*\(3,\); expected \(4,\)"
    ):
        read_truth(raw, 4)


def test_a_file_that_changed_or_went_since_the_job_was_planned_is_named(tmp_path: Path) -> None:
    files = [str(tmp_path / f"{name}.npy") for name in "ab"]
    for file in files:
        np.save(file, jets(60))
    planned = [contents(file) for file in files]
    np.save(files[1], jets(60, seed=1))
    for _ in range(2):
        with pytest.raises(InputError, match=r"b\.npy: found"):
            prepare_normal({"file": files}, IMAGES, tmp_path / "n.h5", STEPS, SPLIT, planned)
        Path(files[1]).unlink(missing_ok=True)
