"""Raw .npz files: what is read, and what each unusable one is answered with."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import IMAGES

from oddjet.common.errors import InputError
from oddjet.prepare import arrays, raw, sparse
from oddjet.prepare.images import Images

EVENTS, HEIGHT, WIDTH = 7, 5, 4


def images(dtype: str = "float32", channels: int = 0) -> np.ndarray:
    """Small whole numbers, which every dtype holds exactly."""
    shape = (EVENTS, HEIGHT, WIDTH, channels) if channels else (EVENTS, HEIGHT, WIDTH)
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def read(path: Path, key: str | None = None) -> np.ndarray:
    sample = {"file": path} | ({"key": key} if key else {})
    return np.concatenate([piece.images.dense() for piece in Images(sample, IMAGES).pieces()])


def check_message(error: InputError, file: Path, found: str, expected: str) -> None:
    """The four parts of a message: file, finding, expectation, hint."""
    first, hint = str(error).split("\nHint: ")
    assert first.startswith(f"{file}: found ")
    finding, expectation = first.removeprefix(f"{file}: found ").split("; expected ")
    assert found in finding
    assert expected in expectation
    assert len(hint) > 10


# What is read


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", ">f8"])
def test_floating_point_images_of_any_width_are_read(tmp_path: Path, dtype: str) -> None:
    array = images(dtype) / np.array(8, dtype)
    assert array.dtype == np.dtype(dtype).newbyteorder("=") or array.dtype == dtype
    result = read(saved(tmp_path / "a.npz", x=array.astype(dtype)))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[:, 0], array.astype(np.float32))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "int64", "uint64"])
def test_whole_number_images_of_any_width_are_read(tmp_path: Path, dtype: str) -> None:
    array = images(dtype)
    result = read(saved(tmp_path / "a.npz", x=array))
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[:, 0], array.astype(np.float32))


def test_yes_no_images_are_read_as_zero_and_one(tmp_path: Path) -> None:
    array = images() > 50
    np.testing.assert_array_equal(read(saved(tmp_path / "a.npz", x=array))[:, 0], array)


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_come_first_after_reading(tmp_path: Path, channels: int) -> None:
    array = images(channels=channels)
    result = read(saved(tmp_path / "a.npz", x=array))
    assert result.shape == (EVENTS, channels, HEIGHT, WIDTH)
    for channel in range(channels):
        np.testing.assert_array_equal(result[:, channel], array[..., channel])


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("rows", [1, 2, 7, 100])
def test_pieces_are_the_array_whatever_their_size_and_the_order_in_the_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    channels: int,
    order: str,
    save: Callable,
    rows: int,
) -> None:
    array = np.array(images(channels=channels), order=order)
    save(tmp_path / "a.npz", x=array)
    monkeypatch.setattr(arrays, "PIECE_BYTES", rows * array[0].nbytes)
    opened = raw.open_array(tmp_path / "a.npz")
    assert opened.fortran_order == (order == "F")
    pieces = list(opened.pieces())
    # so that several arrays go side by side, in whatever order each is
    assert len(pieces) == -(-EVENTS // rows)
    np.testing.assert_array_equal(np.concatenate(pieces), array)


def test_a_row_larger_than_a_piece_is_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = images()
    monkeypatch.setattr(arrays, "PIECE_BYTES", 1)
    pieces = list(raw.open_array(saved(tmp_path / "a.npz", x=array)).pieces())
    assert [len(piece) for piece in pieces] == [1] * EVENTS
    np.testing.assert_array_equal(np.concatenate(pieces), array)


def test_opening_reads_the_header_alone(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=images(channels=3))
    opened = raw.open_array(path)
    assert (opened.key, opened.events, opened.dtype) == ("x", EVENTS, np.dtype("float32"))
    assert Images({"file": path}, IMAGES).shape == (3, HEIGHT, WIDTH)


def test_the_key_chooses_among_several_arrays(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", low=images(), high=images() + 1)
    np.testing.assert_array_equal(read(path, "high")[:, 0], images() + 1)


# Files that cannot be used


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.npz"
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "no such file", raw.FILE)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        raw.open_array(tmp_path)
    check_message(caught.value, tmp_path, "a folder", raw.FILE)


def half_of_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["x"] = images()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def half_of_npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, images())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


OTHER_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "an empty file"),
    "text": (lambda path: path.write_text("pt,eta,phi\n"), "a file of another kind"),
    "npy": (half_of_npy, "a truncated or damaged .npy file"),
    "hdf5": (half_of_hdf5, "a truncated or damaged HDF5 file"),
}


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("channels", [None, 3])
def test_an_hdf5_dataset_reads_as_the_same_array_of_an_npz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: int | None, compression: str | None
) -> None:
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 2)  # several pieces
    array = images(channels=channels) if channels else images()
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("deep/down", data=array, compression=compression)
        file["other"] = array + 1
    expected = read(saved(tmp_path / "a.npz", x=array))
    np.testing.assert_array_equal(read(path, "deep/down"), expected)


@pytest.mark.parametrize("order", ["C", "F"])
def test_an_npy_file_reads_as_the_same_array_of_an_npz(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 2)
    array = images(channels=3)
    np.save(tmp_path / "a.npy", np.asarray(array, order=order))
    np.testing.assert_array_equal(
        read(tmp_path / "a.npy"), read(saved(tmp_path / "a.npz", x=array))
    )


def test_a_missing_hdf5_dataset_is_answered_with_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["QCD"], file["TT"] = images(), images()
    with pytest.raises(InputError) as caught:
        raw.open_array(path, "top")
    check_message(caught.value, path, "no array 'top' but QCD", "`key`")


@pytest.mark.parametrize("kind", OTHER_FILES)
def test_a_file_of_another_kind_is_named_by_its_kind(tmp_path: Path, kind: str) -> None:
    write, found = OTHER_FILES[kind]
    path = tmp_path / "a.npz"
    write(path)
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, found, raw.FILE)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (gzip.compress(b"x"), "unpack it with gunzip"),
        (b"version https://git-lfs.github.com/spec/v1", "by git lfs pull"),
        (b"<!DOCTYPE html>", "download the file again"),
    ],
    ids=["gzip", "pointer", "page"],
)
def test_what_is_no_file_of_jets_yet_is_answered_with_how_to_come_by_one(
    tmp_path: Path, content: bytes, hint: str
) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "a file of another kind", raw.FILE)
    assert hint in str(caught.value)


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_recognised_wherever_it_ends(tmp_path: Path, kept: float) -> None:
    path = saved(tmp_path / "a.npz", x=np.random.default_rng(0).random((50, 10, 10)))
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "truncated", raw.FILE)


def test_a_zip_archive_without_arrays_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "no array", "one array")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_byte_gives_an_input_error_or_changes_nothing(
    tmp_path: Path, save: Callable
) -> None:
    path = tmp_path / "a.npz"
    array = images("uint8")
    save(path, x=array)
    content = path.read_bytes()
    wrong = []
    for position in range(len(content)):
        for flip in (0x01, 0xFF):
            damaged = bytearray(content)
            damaged[position] ^= flip
            path.write_bytes(damaged)
            try:
                result = read(path)
            except InputError:
                continue
            except Exception as error:
                wrong.append(f"byte {position} ^ {flip:#x}: {type(error).__name__}: {error}")
            else:
                if not np.array_equal(result[:, 0], array):
                    wrong.append(f"byte {position} ^ {flip:#x}: other images, no error")
    assert not wrong, "\n".join(wrong)


class Payload:
    """Creates a file when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path.touch, (self.trace,)


def test_an_object_array_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    trace = tmp_path / "unpickled"
    objects = np.empty(3, object)
    objects[:] = [Payload(trace)] * 3
    path = tmp_path / "a.npz"
    np.savez(path, x=objects)
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "array 'x' of type object", "floating-point numbers")
    assert not trace.exists()
    # the payload is a real one: whoever unpickles it makes the file
    pickle.loads(pickle.dumps(Payload(trace)))
    assert trace.exists()


def test_an_object_array_beside_the_wanted_one_does_no_harm(tmp_path: Path) -> None:
    trace = tmp_path / "unpickled"
    path = tmp_path / "a.npz"
    objects = np.array([Payload(trace)], object)
    np.savez(path, x=images(), junk=objects)
    np.testing.assert_array_equal(read(path, "x")[:, 0], images())
    assert not trace.exists()


def test_values_are_chosen_as_they_are_written_whatever_the_precision_of_the_column(
    tmp_path: Path,
) -> None:
    length = np.repeat([0.1, 1, 10, 100], 5)
    chosen = []
    for precision in ("f2", "f4", "f8"):
        path = saved(
            tmp_path / f"{precision}.npz", x=images()[[0] * 20], y=length.astype(precision)
        )
        opened = raw.open_array(path, "x")
        chosen.append(raw.chosen_rows(opened, {"y": [0.1, 1, 10]}).tolist())
    assert chosen == [list(range(15))] * 3


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.ones(3, complex), np.zeros(3, "f4,i4")])
def test_arrays_that_hold_no_plain_numbers_are_refused(tmp_path: Path, array: np.ndarray) -> None:
    path = saved(tmp_path / "a.npz", x=array)
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "array 'x' of type", "floating-point numbers or integers")


def test_a_missing_key_is_answered_with_the_keys_there_are(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", low=images(), high=images())
    with pytest.raises(InputError) as caught:
        raw.open_array(path, "hihg")
    check_message(caught.value, path, "no array 'hihg' but low (7, 5, 4), high", "`key`")
    assert "where the configuration says 'hihg'" in str(caught.value)  # be it key, where or weight


def test_several_arrays_without_a_key_are_listed(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", low=images(), high=images())
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "low (7, 5, 4), high (7, 5, 4)", "its name as `key`")


@pytest.mark.parametrize("shape", [(0,), (0, 5, 4), (0, 5, 4, 3)])
def test_no_events_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path / "a.npz", x=np.zeros(shape))
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, f"of shape {shape}", "at least one event")


@pytest.mark.parametrize("shape", [(7,), (7, 5), (7, 5, 4, 3, 2), (7, 0, 4), (7, 5, 4, 0)])
def test_arrays_that_are_no_images_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path / "a.npz", x=np.zeros(shape))
    with pytest.raises(InputError) as caught:
        read(path)
    check_message(caught.value, path, f"of shape {shape}", "(events, height, width)")


def test_a_single_number_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", x=np.array(1.0))
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "of shape ()", "at least one event")


@pytest.mark.parametrize(
    ("pixel", "found"), [(np.nan, "nan"), (np.inf, "inf"), (-1.5, "-1.5"), (1e39, "1e+39")]
)
@pytest.mark.parametrize("channels", [0, 3])
def test_an_unusable_pixel_is_named_by_event_and_position(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixel: float, found: str, channels: int
) -> None:
    array = images("float64", channels)
    where = (4, 3, 2, 1)[: array.ndim]
    array[where] = pixel
    path = saved(tmp_path / "a.npz", x=array)
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 3)  # 4 is in the second piece
    with pytest.raises(InputError) as caught:
        read(path)
    finding = f"pixel {found} at {where[1:]} of event 4 in 'x'"
    check_message(caught.value, path, finding, "finite pixels >= 0")


@pytest.mark.parametrize("pixel", [0.0, 0.25])
def test_images_of_one_value_alone_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixel: float
) -> None:
    array = np.full((EVENTS, HEIGHT, WIDTH), pixel)
    path = saved(tmp_path / "a.npz", x=array)
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 2)
    with pytest.raises(InputError) as caught:
        read(path)
    check_message(caught.value, path, f"equal to {pixel}", "images that differ")


def test_one_pixel_that_differs_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.zeros((EVENTS, HEIGHT, WIDTH))
    array[-1, 0, 0] = 1
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 2)
    assert read(saved(tmp_path / "a.npz", x=array)).sum() == 1


# Truth


@pytest.mark.parametrize("dtype", ["bool", "int64", "uint8", "float32"])
def test_truth_of_any_type_is_read_as_zero_and_one(tmp_path: Path, dtype: str) -> None:
    labels = np.array([0, 1, 1, 0]).astype(dtype)
    result = raw.read_truth(raw.open_array(saved(tmp_path / "t.npz", y=labels)), 4)
    assert result.dtype == np.int8
    assert result.tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("shape", [(3,), (5,), (4, 1)])
def test_truth_of_another_length_or_rank_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path / "t.npz", y=np.zeros(shape, int))
    with pytest.raises(InputError) as caught:
        raw.read_truth(raw.open_array(path), 4)
    check_message(caught.value, path, f"of shape {shape}", "(4,), one label per event")


@pytest.mark.parametrize(
    ("anomalous", "expected"), [(0, [1, 0, 0, 1]), (2, [0, 1, 0, 0]), ([1, 2], [0, 1, 1, 0])]
)
def test_truth_names_the_values_of_anomalous_events(
    tmp_path: Path, anomalous: int | list[int], expected: list[int]
) -> None:
    opened = raw.open_array(saved(tmp_path / "t.npz", y=np.array([0, 2, 1, 0])))
    assert raw.read_truth(opened, 4, anomalous).tolist() == expected


@pytest.mark.parametrize("value", [2, -1, 0.5, np.nan])
def test_truth_with_another_value_is_refused(tmp_path: Path, value: float) -> None:
    path = saved(tmp_path / "t.npz", y=np.array([0, 1, value, 1]))
    with pytest.raises(InputError) as caught:
        raw.read_truth(raw.open_array(path), 4)
    expected = "a label for each jet" if np.isnan(value) else "0 (normal) and 1"
    check_message(caught.value, path, f"the value {np.array([0, value])[1]}", expected)


@pytest.mark.parametrize(("column", "expected"), [(1, [0, 1, 1, 0]), (-1, [1, 0, 0, 0])])
def test_truth_may_be_a_column_of_an_array(
    tmp_path: Path, column: int, expected: list[int]
) -> None:
    labels = np.array([[0, 0, 1], [0, 1, 0], [0, 1, 0], [1, 0, 0]])
    opened = raw.open_column(saved(tmp_path / "t.npz", jets=labels, pt=np.ones(4)), "jets", column)
    assert raw.read_truth(opened, 4).tolist() == expected


def test_a_column_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.arange(12).reshape(4, 3)
    monkeypatch.setattr(arrays, "PIECE_BYTES", 2 * labels[0].nbytes)
    pieces = list(raw.open_column(saved(tmp_path / "t.npz", y=labels), None, 1).pieces())
    assert [piece.tolist() for piece in pieces] == [[1, 4], [7, 10]]


def test_a_column_by_name_of_an_array_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npz", jets=np.ones((3, 2)), y=np.array([0, 1, 1]))
    for key in ("y", "jets"):
        with pytest.raises(InputError) as caught:
            raw.open_column(path, key, "label")
        check_message(caught.value, path, f"array '{key}' of shape", "a table with a column label")
    with pytest.raises(InputError, match=r"whose columns have no names"):
        raw.open_column([path, path], "y", "label")


@pytest.mark.parametrize(
    ("shape", "column"), [((4, 3), 3), ((4, 3), -4), ((4,), 0), ((4, 3, 2), 0)]
)
def test_a_column_that_is_not_there_is_refused(
    tmp_path: Path, shape: tuple[int, ...], column: int
) -> None:
    path = saved(tmp_path / "t.npz", y=np.zeros(shape))
    with pytest.raises(InputError) as caught:
        raw.open_column(path, None, column)
    check_message(caught.value, path, f"of shape {shape}", f"with a column {column}")


def one_hot(path: Path, labels: np.ndarray, columns: list[int]) -> np.ndarray:
    saved(path, jets=labels)
    return raw.read_one_hot([raw.open_column(path, "jets", column) for column in columns], 4)


def test_jets_of_any_of_several_one_hot_labels_are_anomalous(tmp_path: Path) -> None:
    labels = np.eye(3)[[0, 1, 2, 0]]
    assert one_hot(tmp_path / "t.npz", labels, [1, -1]).tolist() == [0, 1, 1, 0]


def test_labels_that_are_not_one_hot_are_refused(tmp_path: Path) -> None:
    path, labels = tmp_path / "t.npz", np.eye(4)[[0, 1, 2, 1]]
    with pytest.raises(InputError) as caught:
        one_hot(path, labels, [1, 3])
    check_message(caught.value, path, "label 'jets[3]' that is 0", "1 for the events of its class")
    labels[2, 1] = 1
    with pytest.raises(InputError) as caught:
        one_hot(path, labels, [1, 2])
    check_message(caught.value, path, "jets[1], jets[2] that is 1, in row 2", "one-hot labels")


def test_truth_that_pickles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, y=np.array([0, None], object))
    with pytest.raises(InputError) as caught:
        raw.open_array(path)
    check_message(caught.value, path, "of type object", "integers")


def test_headers_of_the_second_format_version_are_read(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, images(), version=(2, 0))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
    np.testing.assert_array_equal(read(tmp_path / "a.npz")[:, 0], images())
