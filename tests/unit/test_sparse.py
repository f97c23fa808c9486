"""Images stored by their lit pixels: nothing is lost, whatever the order or the pieces."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from oddjet.prepare import sparse
from oddjet.prepare.sparse import SparseFile, SparseImages

SHAPE = (2, 6, 5)


def images(events: int, lit: float = 0.1, seed: int = 0) -> np.ndarray:
    """Dense images (events, *SHAPE) with a share of lit pixels; every third image is blank."""
    rng = np.random.default_rng(seed)
    pixels = rng.random((events, *SHAPE), np.float32) + np.float32(0.1)
    pixels[rng.random(pixels.shape) > lit] = 0
    pixels[::3] = 0
    return pixels


@pytest.mark.parametrize("lit", [0.0, 0.1, 1.0])
def test_dense_images_come_back_as_they_were(lit: float) -> None:
    dense = images(20, lit)
    stored = SparseImages.from_dense(dense)
    assert len(stored) == 20
    assert len(stored.values) == np.count_nonzero(dense)
    np.testing.assert_array_equal(stored.dense(), dense)
    assert stored.dense().dtype == np.float32


@pytest.mark.parametrize(
    "rows", [[3, 1, 4, 1, 5], [19, 0], [0, 3, 6], [], list(range(20))[::-1]], ids=str
)
def test_selection_gives_the_images_in_the_order_asked_for(rows: list[int]) -> None:
    dense = images(20)
    chosen = SparseImages.from_dense(dense).select(np.array(rows, int))
    np.testing.assert_array_equal(chosen.dense(), dense[np.array(rows, int)])


def test_layout_is_compressed_sparse_row() -> None:
    dense = np.zeros((3, 1, 2, 3), np.float32)
    dense[0, 0, 1, 2], dense[2, 0, 0, 1], dense[2, 0, 1, 0] = 5, 6, 7
    stored = SparseImages.from_dense(dense)
    assert stored.offsets.tolist() == [0, 1, 1, 3]
    assert stored.pixels.tolist() == [5, 1, 3]
    assert stored.values.tolist() == [5, 6, 7]
    assert stored.shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("side", "dtype"), [(256, np.uint16), (257, np.uint32)], ids=["256 x 256", "257 x 257"]
)
def test_pixel_positions_fit_their_type_for_images_of_any_size(side: int, dtype: type) -> None:
    dense = np.zeros((2, 1, side, side), np.float32)
    dense[1, 0, -1, -1] = 1  # the last position is the largest number
    stored = SparseImages.from_dense(dense)
    assert stored.pixels.dtype == dtype
    np.testing.assert_array_equal(stored.dense(), dense)


def test_large_images_come_back_from_a_file(tmp_path: Path) -> None:
    dense = np.zeros((2, 1, 300, 300), np.float32)
    dense[0, 0, -1, -1], dense[1, 0, 250, 3] = 1, 2
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store = SparseFile.create(file, (1, 300, 300))
        store.append(SparseImages.from_dense(dense))
        assert file["pixels"].dtype == np.uint32
        np.testing.assert_array_equal(store.read().dense(), dense)


@pytest.fixture
def store(tmp_path: Path):
    """A file with 50 images appended in uneven pieces, one of them blank throughout."""
    dense = images(50)
    dense[20:24] = 0
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store = SparseFile.create(file, SHAPE)
        for start, stop in ((0, 1), (1, 20), (20, 24), (24, 50)):
            store.append(SparseImages.from_dense(dense[start:stop]))
    with h5py.File(tmp_path / "a.h5") as file:
        yield SparseFile(file), dense


def test_a_file_written_in_pieces_reads_as_the_whole(store: tuple[SparseFile, np.ndarray]) -> None:
    file, dense = store
    assert len(file) == 50
    assert file.shape == SHAPE
    np.testing.assert_array_equal(file.read().dense(), dense)


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (19, 25), (20, 24), (49, 50), (10, 10)])
def test_any_range_of_a_file_reads_alone(
    store: tuple[SparseFile, np.ndarray], start: int, stop: int
) -> None:
    file, dense = store
    np.testing.assert_array_equal(file.read(start, stop).dense(), dense[start:stop])


@pytest.mark.parametrize("at_once", [1, 7, 50, 2000])
@pytest.mark.parametrize("rows", [range(50), range(0, 50, 3), [21, 22], [49], [0, 49], []], ids=str)
def test_pieces_hold_exactly_the_rows_asked_for(
    store: tuple[SparseFile, np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    rows: range | list[int],
    at_once: int,
) -> None:
    file, dense = store
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", at_once)
    wanted = np.array(rows, int)
    pieces = list(file.pieces(wanted))
    assert all(0 < len(piece) <= at_once for piece, _ in pieces)
    assert [row for piece, _ in pieces for row in piece] == wanted.tolist()
    for piece, found in pieces:
        np.testing.assert_array_equal(found.dense(), dense[piece])
    if rows:
        np.testing.assert_array_equal(file.select(wanted).dense(), dense[wanted])


def test_a_file_of_jet_images_is_far_smaller_than_the_dense_array(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    dense = np.zeros((500, 1, 100, 100), np.float32)
    for image in dense:  # 1% of the pixels, as in a jet image
        image.flat[rng.integers(0, 10_000, 100)] = rng.random(100)
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        SparseFile.create(file, (1, 100, 100)).append(SparseImages.from_dense(dense))
    # a lit pixel takes at most 6 bytes against 4 for each of a hundred pixels: 1.5%; and 1 MiB for
    # headers and chunks that are not full, however many events there are
    assert path.stat().st_size < 0.015 * dense.nbytes + 2**20
