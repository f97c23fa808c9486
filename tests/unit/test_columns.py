"""Tables as input: constituents from pandas, Parquet and ROOT are those of an array."""

import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import awkward
import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
import uproot

from oddjet.common.errors import InputError
from oddjet.prepare import arrays
from oddjet.prepare.raw import chosen_rows, open_array, read_truth
from oddjet.prepare.readers import hdf5

EVENTS, MOST = 12, 5
COLUMNS = ["E", "PX", "PY", "PZ"]
LABELS = np.arange(EVENTS) % 3 == 0


def constituents() -> np.ndarray:
    """(12, 5, 4), the first jet with one constituent, the others with two to five."""
    found = np.random.default_rng(0).normal(size=(EVENTS, MOST, 4)).astype(np.float32)
    lengths = [1, *(2 + np.arange(EVENTS - 1) % (MOST - 1))]
    for jet, length in zip(found, lengths, strict=True):
        jet[length:] = 0
    return found


def numbered() -> pd.DataFrame:
    """As the top-tagging reference data set lays them out."""
    found = {
        f"{column}_{number}": constituents()[:, number, place]
        for number in range(MOST)
        for place, column in enumerate(COLUMNS)
    }
    return pd.DataFrame(found | {"is_signal_new": LABELS.astype(int)})


def lists() -> dict[str, list]:
    """By column, a list for each jet, without padding."""
    jets = [jet[(jet != 0).any(axis=1)] for jet in constituents()]
    found = {column: [jet[:, i].tolist() for jet in jets] for i, column in enumerate(COLUMNS)}
    return found | {"is_signal_new": LABELS.astype(int).tolist()}


def write_root(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["jets"] = {name: awkward.Array(values) for name, values in lists().items()}
        file["more"] = {"weight": np.ones(3)}


WRITERS: dict[str, tuple[str, str | None, Callable[[Path], object]]] = {
    "pandas table": (
        "a.h5",
        None,
        lambda path: numbered().to_hdf(path, key="table", format="table"),
    ),
    "pandas table, compressed, a column of its own": (
        "a.h5",
        "table",
        lambda path: numbered().to_hdf(
            path,
            key="table",
            format="table",
            data_columns=["is_signal_new"],
            complib="blosc",
            complevel=5,
        ),
    ),
    "pandas fixed": ("a.h5", "deep/down", lambda path: numbered().to_hdf(path, key="deep/down")),
    "Parquet with numbered columns": ("a.parquet", None, lambda path: numbered().to_parquet(path)),
    "Parquet with lists": (
        "a.parquet",
        None,
        lambda path: pyarrow.parquet.write_table(
            pyarrow.table(lists()), path, row_group_size=EVENTS // 3
        ),
    ),
    "ROOT": ("a.root", "jets", write_root),
}


@pytest.fixture(params=WRITERS)
def table(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str | None]:
    name, key, write = WRITERS[request.param]
    write(tmp_path / name)
    return tmp_path / name, key


@pytest.mark.parametrize("piece_bytes", [1, 300, 2**20])
def test_constituents_of_a_table_are_those_of_the_array(
    table: tuple[Path, str | None], monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(arrays, "PIECE_BYTES", piece_bytes)
    found = open_array(*table, COLUMNS, MOST)
    assert found.shape == (EVENTS, MOST, 4)
    read = np.concatenate(list(found.pieces()))
    np.testing.assert_array_equal(read.astype(np.float32), constituents())


def test_more_constituents_than_asked_for_are_left_out(table: tuple[Path, str | None]) -> None:
    found = open_array(*table, COLUMNS, 3)
    read = np.concatenate(list(found.pieces()))
    np.testing.assert_array_equal(read.astype(np.float32), constituents()[:, :3])


def test_a_column_of_a_table_is_the_truth(table: tuple[Path, str | None]) -> None:
    labels = read_truth(open_array(*table, ["is_signal_new"]), EVENTS)
    np.testing.assert_array_equal(labels, LABELS)


def test_rows_are_chosen_by_another_column(table: tuple[Path, str | None]) -> None:
    found = open_array(*table, COLUMNS, MOST)
    rows = chosen_rows(found, {"is_signal_new": 1}, [2, EVENTS])
    np.testing.assert_array_equal(rows, [3, 6, 9])


def test_an_unknown_column_is_answered_with_those_there_are(
    table: tuple[Path, str | None],
) -> None:
    with pytest.raises(InputError, match=r"no column PT.*of columns .*E") as caught:
        open_array(*table, ["PT"])
    assert "a column PT, or PT_0, PT_1, ..." in str(caught.value)
    assert "images.columns" in str(caught.value)


def test_a_truth_without_a_column_is_told_to_name_one(table: tuple[Path, str | None]) -> None:
    with pytest.raises(InputError, match="no `column` named"):
        open_array(*table)


def test_several_trees_without_a_key_are_listed(tmp_path: Path) -> None:
    write_root(tmp_path / "a.root")
    with pytest.raises(InputError, match=r"found table jets, table more; expected one array"):
        open_array(tmp_path / "a.root", None, COLUMNS, MOST)


def test_a_root_file_without_uproot_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_root(tmp_path / "a.root")
    monkeypatch.setitem(sys.modules, "uproot", None)
    with pytest.raises(InputError, match=r"pip install -r requirements-root\.txt"):
        open_array(tmp_path / "a.root", "jets", COLUMNS, MOST)


@pytest.mark.parametrize("name", ["a.h5", "a.parquet", "a.root"])
def test_half_a_file_is_said_to_be_damaged(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    key, write = next((key, write) for file, key, write in WRITERS.values() if file == name)
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="truncated or damaged"):
        list(open_array(path, key, COLUMNS, MOST).pieces())


def test_images_in_lists_of_lists_are_read(tmp_path: Path) -> None:
    images = np.random.default_rng(0).random((EVENTS, 3, 4))
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"image": images.tolist()}), path)
    found = open_array(path, None, ["image"])
    assert found.shape == (EVENTS, 3, 4)
    np.testing.assert_array_equal(np.concatenate(list(found.pieces())), images)


def test_images_of_different_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"image": [[1.0, 2.0], [3.0]]}), path)
    with pytest.raises(InputError, match="lists of 1 to 2 values in 'image'"):
        list(open_array(path, None, ["image"]).pieces())


def test_missing_values_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"label": [1, None, 0]}), path)
    with pytest.raises(InputError, match="1 missing values in column 'label'"):
        list(open_array(path, None, ["label"]).pieces())


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    numbered().drop(columns="PZ_4").to_parquet(path)
    with pytest.raises(InputError, match=r"of shapes \(5,\), \(5,\), \(5,\), \(4,\)"):
        open_array(path, None, COLUMNS, MOST)


def test_the_names_in_a_pickled_list_are_found_and_no_pickle_is_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "a.h5", tmp_path / "unpickled"
    numbered().to_hdf(path, key="table", format="table")
    harmful = f"cos\nsystem\n(Vtouch {trace}\ntR0".encode()
    with h5py.File(path, "a") as file:
        attributes = file["table/table"].attrs
        names = bytes(attributes["values_block_0_kind"])
        attributes["values_block_0_kind"] = np.bytes_(harmful + names)
    (table,) = hdf5.contents(path).tables
    assert table.key == "table"
    assert "E_0" in table.columns
    assert not trace.exists()
    # the payload is a real one: whoever unpickles it makes the file
    pickle.loads(harmful + names)
    assert trace.exists()
