"""What files of users hold besides plain arrays: read, or refused with what to do."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest

from oddjet.common.errors import InputError
from oddjet.prepare.raw import chosen_rows, open_array, read_truth

IMAGES = np.random.default_rng(0).random((12, 8, 8)).astype(np.float32)
COLUMNS = ["E", "PX", "PY", "PZ"]
VECTORS = np.random.default_rng(1).random((12, 3, 4))


def read(
    path: Path, key: str | None = None, columns: Sequence[str] = (), most: int = 3
) -> np.ndarray:
    return np.concatenate(list(open_array(path, key, columns, most).pieces()))


def numbered(name: str = "{}_{}", start: int = 0) -> pd.DataFrame:
    """A table of four-vectors, a column for each number."""
    return pd.DataFrame(
        {
            name.format(column, start + number): VECTORS[:, number, place]
            for number in range(3)
            for place, column in enumerate(COLUMNS)
        }
    )


# tables


@pytest.mark.parametrize("format", ["fixed", "table", "parquet"])
@pytest.mark.parametrize(("name", "start"), [("{}_{}", 0), ("{}_{:03d}", 0), ("{}_{:02d}", 1)])
def test_numbers_behind_names_may_be_padded_and_begin_at_one(
    tmp_path: Path, format: str, name: str, start: int
) -> None:
    path, table = tmp_path / "a", numbered(name, start)
    table.to_parquet(path) if format == "parquet" else table.to_hdf(path, key="t", format=format)
    np.testing.assert_array_equal(read(path, columns=COLUMNS), VECTORS)


@pytest.mark.parametrize("format", ["fixed", "table"])
def test_columns_of_several_levels_are_joined(tmp_path: Path, format: Any) -> None:
    table = numbered()
    table.columns = pd.MultiIndex.from_tuples([tuple(name.split("_")) for name in table])
    table.to_hdf(tmp_path / "a", key="t", format=format)
    np.testing.assert_array_equal(read(tmp_path / "a", columns=COLUMNS), VECTORS)


@pytest.mark.parametrize("format", ["fixed", "table"])
def test_columns_called_by_numbers_are_read_and_listed(tmp_path: Path, format: Any) -> None:
    table = pd.DataFrame(VECTORS[:, 0])
    table.to_hdf(tmp_path / "a", key="t", format=format)
    np.testing.assert_array_equal(read(tmp_path / "a", columns=["0", "3"]), VECTORS[:, 0, [0, 3]])
    with pytest.raises(InputError, match="no column E in the table t of columns 0, 1, 2, 3;"):
        read(tmp_path / "a", columns=COLUMNS)


def test_rows_of_several_levels_are_no_matter(tmp_path: Path) -> None:
    table = numbered().set_index(pd.MultiIndex.from_product([[1, 2], range(6)]))
    table.to_hdf(tmp_path / "a", key="t")
    np.testing.assert_array_equal(read(tmp_path / "a", columns=COLUMNS), VECTORS)


@pytest.mark.parametrize("format", ["fixed", "table"])
@pytest.mark.parametrize("kind", ["series", "text series", "integers", "text", "levels"])
def test_what_pandas_put_beside_an_array_leaves_it_be(
    tmp_path: Path, format: Any, kind: str
) -> None:
    beside = {
        "series": pd.Series(np.arange(12) % 2),
        "text series": pd.Series(["a", "b"] * 6),
        "integers": pd.DataFrame(VECTORS[:, 0]),
        "text": pd.DataFrame({"x": ["a", "b"], "y": [1, 2]}),
        "levels": pd.DataFrame(
            VECTORS[:, 0], columns=pd.MultiIndex.from_product([[1, 2], ["a", "b"]])
        ),
    }
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["images"] = IMAGES
    beside[kind].to_hdf(path, key="other", mode="a", format=format)
    np.testing.assert_array_equal(read(path, "images"), IMAGES)


def test_a_series_is_an_array(tmp_path: Path) -> None:
    pd.Series(np.arange(12) % 2).to_hdf(tmp_path / "a", key="label")
    np.testing.assert_array_equal(read(tmp_path / "a", "label"), np.arange(12) % 2)


def test_no_pickle_is_run_and_one_that_is_no_list_of_names_names_nothing(tmp_path: Path) -> None:
    path, trace = tmp_path / "a.h5", tmp_path / "unpickled"
    numbered().to_hdf(path, key="t", format="table")
    harmful = f"(lp0\ncos\nsystem\n(Vtouch {trace}\ntRa.".encode()
    with h5py.File(path, "a") as file:
        file["t/table"].attrs["values_block_0_kind"] = np.bytes_(harmful)
    with pytest.raises(InputError, match="without unpickling"):
        read(path, columns=COLUMNS)
    assert not trace.exists()
    pickle.loads(harmful)  # a real one: whoever unpickles it makes the file
    assert trace.exists()


# links


def test_links_and_keys_with_slashes_are_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other.h5", tmp_path / "a.h5"
    with h5py.File(other, "w") as file:
        file["deep/images"] = IMAGES + 1
    with h5py.File(path, "w") as file:
        file["g/images"] = IMAGES
        file["soft"] = h5py.SoftLink("/g/images")
        file["group"] = h5py.SoftLink("/g")
        file["hard"] = file["g/images"]
        file["g/back"] = h5py.SoftLink("/")
        file["external"] = h5py.ExternalLink("other.h5", "/deep/images")
        file["folder"] = h5py.ExternalLink("other.h5", "/deep")
    for key in ("g/images", "/g/images", "g/images/", "soft", "/soft", "group/images", "hard"):
        np.testing.assert_array_equal(read(path, key), IMAGES)
    for key in ("external", "folder/images", "/folder/images"):
        np.testing.assert_array_equal(read(path, key), IMAGES + 1)


def test_what_has_two_names_is_one_array(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/images"] = IMAGES
        file["images"] = h5py.SoftLink("/g/images")
    np.testing.assert_array_equal(read(tmp_path / "a.h5"), IMAGES)


def test_links_to_a_pandas_table_are_followed(tmp_path: Path) -> None:
    numbered().to_hdf(tmp_path / "other.h5", key="deep/t")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["table"] = h5py.ExternalLink("other.h5", "/deep/t")
    np.testing.assert_array_equal(read(tmp_path / "a.h5", "table", COLUMNS), VECTORS)


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = h5py.ExternalLink("gone.h5", "/x")
        file["soft"] = h5py.SoftLink("/nowhere")
    with pytest.raises(InputError, match=r"images, a link to missing gone.h5 /x.*/nowhere"):
        read(tmp_path / "a.h5", "images")


@pytest.mark.parametrize(
    "missing", ["the missing file part1.h5", "'images', missing in .*part1.h5"]
)
def test_a_virtual_array_with_a_missing_source_is_refused(tmp_path: Path, missing: str) -> None:
    for number in range(2):
        with h5py.File(tmp_path / f"part{number}.h5", "w") as file:
            file["images"] = IMAGES
    layout = h5py.VirtualLayout((24, 8, 8), "f4")
    for number in range(2):
        layout[12 * number : 12 * number + 12] = h5py.VirtualSource(
            f"part{number}.h5", "images", (12, 8, 8)
        )
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_virtual_dataset("images", layout)
    np.testing.assert_array_equal(read(tmp_path / "a.h5"), np.concatenate([IMAGES, IMAGES]))
    (tmp_path / "part1.h5").unlink()
    if "file" not in missing:
        with h5py.File(tmp_path / "part1.h5", "w") as file:
            file["others"] = IMAGES
    with pytest.raises(InputError, match=missing):
        read(tmp_path / "a.h5")


# types


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (IMAGES.astype(complex), r"np.abs\(images\)"),
        (np.zeros(12, [("E", "f4"), ("px", "f4")]), r"stack them"),
        (IMAGES.astype(str), r"array.astype\(float\)"),
        (np.arange(12).astype("M8[D]"), r"these are times"),
    ],
)
@pytest.mark.parametrize("suffix", ["npy", "npz", "h5"])
def test_arrays_of_other_types_are_refused_with_a_hint_that_fits(
    tmp_path: Path, array: np.ndarray, hint: str, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "h5":
        if array.dtype.kind == "M":
            pytest.skip("HDF5 knows no times")
        with h5py.File(path, "w") as file:
            file["x"] = array.astype(bytes) if array.dtype.kind == "U" else array
    else:
        {"npy": np.save, "npz": np.savez}[suffix](path, array)
    with pytest.raises(InputError, match=hint):
        open_array(path)


def test_ragged_arrays_are_refused_with_a_hint_that_fits(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        ragged = file.create_dataset("x", (2,), h5py.vlen_dtype("f4"))
        ragged[0], ragged[1] = [1, 2], [3]
    with pytest.raises(InputError, match="pad them with zeros"):
        open_array(tmp_path / "a.h5")


LISTS = {
    "empty first": [[], [[1.0, 2.0]], [[1.0], [2.0, 3.0]]],
    "all empty": [[], [], []],
    "ragged inside": [[[1.0, 2.0]], [[1.0], [2.0]], [[3.0]]],
    "ragged later": [[[1.0, 2.0]], [[1.0, 2.0, 3.0]], [[1.0, 2.0]]],
}


@pytest.mark.parametrize("lists", LISTS)
@pytest.mark.parametrize("most", [None, 3])
def test_lists_of_lists_that_are_no_array_are_refused(
    tmp_path: Path, lists: str, most: int | None
) -> None:
    kind = pyarrow.list_(pyarrow.list_(pyarrow.float64()))
    table = pyarrow.table({"x": pyarrow.array(LISTS[lists], kind)})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    if lists == "all empty":  # refused by what wants images or constituents
        assert 0 in open_array(tmp_path / "a.parquet", columns=["x"], most=most).shape
        return
    with pytest.raises(InputError, match="lists of one length"):
        list(open_array(tmp_path / "a.parquet", columns=["x"], most=most).pieces())


def test_nested_lists_that_begin_empty_are_read(tmp_path: Path) -> None:
    kind = pyarrow.list_(pyarrow.list_(pyarrow.float64()))
    values = pyarrow.array([[], [[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], kind)
    pyarrow.parquet.write_table(pyarrow.table({"x": values}), tmp_path / "a.parquet")
    expected = [[[0, 0], [0, 0]], [[1, 2], [0, 0]], [[3, 4], [5, 6]]]
    np.testing.assert_array_equal(read(tmp_path / "a.parquet", None, ["x"], 2), expected)


@pytest.mark.parametrize("kind", ["bytes", "parquet"])
def test_text_in_another_encoding_is_no_trouble(tmp_path: Path, kind: str) -> None:
    latin = np.array(["höher".encode("latin-1"), b"qcd"])
    path = tmp_path / "a"
    if kind == "bytes":
        with h5py.File(path, "w") as file:
            file["x"], file["label"] = [0.0, 1.0], latin
        raw = open_array(path, "x")
    else:
        text = pyarrow.array(latin.tolist(), pyarrow.binary()).view(pyarrow.string())
        table = pyarrow.table({"x": [0.0, 1.0], "label": text})
        pyarrow.parquet.write_table(table, path)
        raw = open_array(path, None, ["x"])
    assert chosen_rows(raw, {"label": "qcd"}).tolist() == [1]


def test_records_are_refused_with_a_hint_that_fits(tmp_path: Path) -> None:
    values = pyarrow.array([[{"pt": 1.0, "eta": 2.0}], [], [{"pt": 1.0, "eta": 2.0}] * 2])
    pyarrow.parquet.write_table(pyarrow.table({"jet": values}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"(?s)records of (pt, eta|eta, pt).*column of its own"):
        read(tmp_path / "a.parquet", None, ["jet"])


# text and truth

NAMES = np.array(["qcd", "top", "1"] * 4)


def labelled(directory: Path, kind: str) -> tuple[Path, str | None, list[str]]:
    """A file of numbers `x` with texts `label`, and what opens the numbers."""
    path = directory / "a"
    table = pd.DataFrame({"x": np.arange(12.0), "label": NAMES})
    if kind == "npz":
        np.savez(directory / "a.npz", x=np.arange(12.0), label=NAMES)
        return directory / "a.npz", "x", []
    if kind in ("bytes", "text"):
        with h5py.File(path, "w") as file:
            file["x"] = np.arange(12.0)
            file["label"] = NAMES.astype("S") if kind == "bytes" else NAMES.astype(object)
        return path, "x", []
    if kind == "pandas":
        table.to_hdf(path, key="t", format="table")
    elif kind in ("tree", "ntuple"):
        uproot = pytest.importorskip("uproot")
        with uproot.recreate(path) as file:
            content = {"x": np.arange(12.0), "label": NAMES.tolist()}
            if kind == "tree":
                file.mktree("t", {"x": "f8", "label": "string"}).extend(content)
            else:
                file.mkrntuple("t", content)
    else:
        if kind == "categories":
            table.label = table.label.astype("category")
        table.to_parquet(path)
    return path, None, ["x"]


TEXTS = ["npz", "bytes", "text", "pandas", "parquet", "categories", "tree", "ntuple"]


@pytest.mark.parametrize("kind", TEXTS)
def test_rows_are_chosen_by_text(tmp_path: Path, kind: str) -> None:
    path, key, columns = labelled(tmp_path, kind)
    raw = open_array(path, key, columns)
    np.testing.assert_array_equal(chosen_rows(raw, {"label": "top"}), range(1, 12, 3))
    np.testing.assert_array_equal(
        chosen_rows(raw, {"label": ["qcd", "1"]}), np.delete(range(12), range(1, 12, 3))
    )
    with pytest.raises(InputError, match=r"(?s)where.label: 1, .*such as qcd.*quote it"):
        chosen_rows(raw, {"label": 1})
    with pytest.raises(InputError, match=r"(?s)where.x: 'qcd', .*without quotes"):
        chosen_rows(raw, {"x": "qcd"})
    with pytest.raises(InputError, match="none of 12 rows with label = wz"):
        chosen_rows(raw, {"label": "wz"})


@pytest.mark.parametrize("kind", TEXTS)
def test_truth_may_be_text(tmp_path: Path, kind: str) -> None:
    path, key, columns = labelled(tmp_path, kind)
    labels = open_array(path, key and "label", columns and ["label"], text=True)
    np.testing.assert_array_equal(read_truth(labels, 12, "top"), NAMES == "top")
    with pytest.raises(InputError, match="quote it"):
        read_truth(labels, 12, 1)
    with pytest.raises(InputError, match=r"truth\.anomalous"):
        read_truth(labels, 12)
    with pytest.raises(InputError, match="values 1, qcd, top, none of them wz"):
        read_truth(labels, 12, ["top", "wz"])


@pytest.mark.parametrize("anomalous", [7, [7, 9], [1, 7]])
def test_an_anomalous_value_that_occurs_nowhere_is_refused(tmp_path: Path, anomalous: Any) -> None:
    np.save(tmp_path / "a.npy", np.arange(12) % 2)
    with pytest.raises(InputError, match="with the values 0, 1, none of them 7"):
        read_truth(open_array(tmp_path / "a.npy"), 12, anomalous)


@pytest.mark.parametrize("anomalous", [None, 1])
def test_labels_that_are_nan_are_refused(tmp_path: Path, anomalous: Any) -> None:
    np.save(tmp_path / "a.npy", np.where(np.arange(12) == 3, np.nan, np.arange(12) % 2))
    with pytest.raises(InputError, match="the value nan, in 1 rows"):
        read_truth(open_array(tmp_path / "a.npy"), 12, anomalous)
