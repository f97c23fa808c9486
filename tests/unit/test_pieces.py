"""Samples that are read in pieces: prepared as if they had been read as a whole, bit by bit."""

import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import yaml
from conftest import IMAGES, REPO, TINY, jets

from oddjet.common import provenance
from oddjet.common.errors import InputError
from oddjet.planning import configuration
from oddjet.prepare import samples, sparse
from oddjet.prepare.piece_files import read_piece
from oddjet.prepare.preprocessing import smallest_crop
from oddjet.prepare.samples import measure_crop, prepare_normal, prepare_test
from oddjet.prepare.sparse import SparseImages

STEPS = {"centre": True, "rotate": True, "flip": True, "crop": "auto", "size": 16}
STEPS |= {"unit_sum": True, "power": 1.0, "log": 0}
SPLIT = {"control": 0.5, "seed": 0}
VECTORS = IMAGES | {"layout": "constituents", "size": 16, "constituents": 25}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for the commit takes longer than preparing a few jets."""
    monkeypatch.setattr(provenance, "git_commit", lambda: "unknown")


def vectors(events: int, most: int) -> np.ndarray:
    """Massless E, px, py, pz, float32 (events, most, 4), one to `most` of each jet."""
    rng = np.random.default_rng(events)
    pt = rng.exponential(30, (events, most)) * (
        np.arange(most) < rng.integers(1, most, (events, 1))
    )
    eta, phi = rng.normal(0, 0.2, pt.shape), 1 + rng.normal(0, 0.2, pt.shape)
    parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    return np.stack(parts, axis=-1).astype(np.float32)


def some_files(place: Path, layout: str) -> list[str]:
    """Five files, with weights and labels, of which one has no jet that is labelled."""
    place.mkdir()
    for number, events in enumerate((40, 1, 31, 7, 41)):
        if layout == "images":
            found = jets(events, seed=number)
            found[::5] = 0
        else:  # each file as wide as its longest jet
            found = vectors(events, 6 + 7 * number)
        rng = np.random.default_rng(number)
        np.savez(
            place / f"{number}.npz",
            x=found,
            w=rng.uniform(0.2, 1, events),
            label=np.full(events, 1) if number == 3 else np.arange(events) % 3,
        )
    return [str(file) for file in sorted(place.glob("*.npz"))]


def prepared(
    place: Path, sample: dict[str, Any], settings: dict[str, Any], pieces: int | str
) -> list[Path]:
    """A sample as the normal one and as a test, read in pieces, its crop measured before."""
    place.mkdir()
    stored: list[Path] = []
    for name, piece in configuration.in_pieces(sample | {"pieces": pieces}).items():
        stored.append(place / f"{name}.h5")
        own = sample | {"file": piece["file"]}
        read_piece(own, settings, piece["part"], stored[-1])
    normal, test = place / "normal.h5", place / "test.h5"
    crop = None
    if stored:
        crop = place / "crop.h5"
        measure_crop(sample, settings, crop, STEPS, SPLIT, pieces=stored)
    prepare_normal(sample, settings, normal, STEPS, SPLIT, pieces=stored, measured=crop)
    # what differs in its inputs is the content of the normal sample's file alone
    same = Path(place.parent, "same.h5")
    if not same.exists():
        same.write_bytes(normal.read_bytes())
    prepare_test(sample, settings, test, STEPS, same, pieces=stored)
    return [normal, test]


def everything(path: Path) -> dict[str, np.ndarray]:
    """All datasets and attributes of a file."""
    found: dict[str, np.ndarray] = {}

    def look_at(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[:]
        found.update({f"{name}.{key}": np.asarray(value) for key, value in item.attrs.items()})

    with h5py.File(path) as file:
        look_at("", file)
        file.visititems(look_at)
    return found


def assert_same(found: Sequence[Path], expected: Sequence[Path]) -> None:
    for one, other in zip(found, expected, strict=True):
        here, there = everything(one), everything(other)
        assert here.keys() == there.keys()
        for name, values in there.items():
            assert here[name].dtype == values.dtype, name
            np.testing.assert_array_equal(here[name], values, err_msg=name)


CHOICES: dict[str, dict[str, Any]] = {
    "all": {},
    "some": {"where": {"label": [0, 2]}, "rows": [3, 110]},
    "weighted": {"weight": "w"},
}


@pytest.mark.parametrize(
    ("layout", "choice", "numbers"),
    [("images", "all", (2, 3, 7)), ("images", "weighted", (3,)), ("constituents", "some", (7,))],
)
def test_samples_are_prepared_alike_bit_by_bit_however_they_are_divided(
    tmp_path: Path, layout: str, choice: str, numbers: Sequence[int]
) -> None:
    settings = IMAGES if layout == "images" else VECTORS
    sample = {"file": some_files(tmp_path / "raw", layout), "key": "x"} | CHOICES[choice]
    whole = prepared(tmp_path / "whole", sample, settings, 1)
    for pieces in numbers:
        assert_same(prepared(tmp_path / str(pieces), sample, settings, pieces), whole)


@pytest.mark.parametrize("layout", ["images", "constituents"])
@pytest.mark.parametrize("choice", [{}, {"where": {"label": [0, 2]}}], ids=["all", "some"])
def test_samples_are_prepared_alike_bit_by_bit_file_by_file(
    tmp_path: Path, choice: dict[str, Any], layout: str
) -> None:
    settings = IMAGES if layout == "images" else VECTORS
    sample = {"file": some_files(tmp_path / "raw", layout), "key": "x"} | choice
    whole = prepared(tmp_path / "whole", sample, settings, 1)
    assert_same(prepared(tmp_path / "files", sample, settings, "files"), whole)


def test_the_crop_of_a_large_sample_is_measured_on_jets_from_all_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "CROP_JETS", 20)
    images = jets(100, tops=50, seed=3)  # wide ones first
    np.save(tmp_path / "a.npy", images)
    prepare_normal({"file": tmp_path / "a.npy"}, IMAGES, tmp_path / "n.h5", STEPS, SPLIT)
    with h5py.File(tmp_path / "n.h5") as file:
        outside = np.flatnonzero(~file["control"][:])
        crop = file.attrs["crop"]
    assert len(outside) == 50
    some = SparseImages.from_dense(images[outside[::3], None])
    assert crop == smallest_crop([some], STEPS)


# What goes wrong


def test_a_sample_without_a_jet_is_refused_as_if_it_were_read_as_a_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((12, 16, 16), np.float32))
    sample = {"file": [str(tmp_path / "a.npy")]}
    for pieces in (1, 3):
        with pytest.raises(InputError, match=r"a\.npy: found no jet among 12 rows"):
            prepared(tmp_path / str(pieces), sample, IMAGES, pieces)


def test_more_pieces_than_rows_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", jets(3))
    message = r"a\.npy: found pieces: 4 of 3 rows; expected a row at least in each"
    with pytest.raises(InputError, match=message):
        read_piece({"file": tmp_path / "a.npy"}, IMAGES, [1, 4], tmp_path / "p.h5")
    assert not (tmp_path / "p.h5").exists()


def test_pieces_of_other_rows_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", jets(60))
    sample = {"file": tmp_path / "a.npy"}
    read_piece(sample, IMAGES, [1, 2], tmp_path / "p.h5")
    with pytest.raises(InputError, match="found 60 rows that are asked for, and 30 in the pieces"):
        prepare_normal(sample, IMAGES, tmp_path / "n.h5", STEPS, SPLIT, pieces=[tmp_path / "p.h5"])


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "many", True, None])
def test_a_number_of_pieces_that_is_none_is_refused(wrong: Any) -> None:
    config = completed(TINY["samples"]["normal"] | {"pieces": wrong})
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    expected = f"samples.normal.pieces: found {wrong!r}; expected files or an integer >= 1."
    assert configuration.problems(config, schema) == [expected]


@pytest.mark.parametrize(
    ("key", "value"), [("rows", [0, 9]), ("weight", "w"), ("cluster", {"jets": [1]})]
)
def test_files_are_no_pieces_where_the_whole_sample_decides_on_the_jets(
    key: str, value: Any
) -> None:
    config = completed(TINY["samples"]["normal"] | {"pieces": "files", key: value})
    schema = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    found = configuration.problems(config, schema)
    assert any(
        f"samples normal: found pieces: files with {key}; expected a number" in one for one in found
    )


def completed(normal: dict[str, Any]) -> dict[str, Any]:
    """The defaults with another normal sample."""
    config = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
    return config | {"samples": {"normal": normal, "tests": TINY["samples"]["tests"]}}


# How they are planned


def test_a_piece_of_a_file_is_called_by_it_alone() -> None:
    files = ["data/a b.h5", "other/a b.h5", "data/c.h5"]
    found = configuration.in_pieces({"file": files, "pieces": "files"})
    fewer = configuration.in_pieces({"file": files[1:], "pieces": "files"})
    assert len(found) == 3
    assert fewer == {name: one for name, one in found.items() if one["file"] != files[:1]}
    assert configuration.in_pieces({"file": files}) == {}
    assert list(configuration.in_pieces({"file": files, "pieces": 2})) == ["1_of_2", "2_of_2"]


def test_the_memory_of_a_preparation_stays_below_two_gib_for_ten_million_jets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "HELD", 0)  # else that much may be held besides
    monkeypatch.setattr(samples, "CROP_JETS", 250)
    monkeypatch.setattr(sparse, "EVENTS_AT_ONCE", 250)
    monkeypatch.setattr(sparse, "CHUNK", 2**10)  # which waits to be filled
    few = jets(100)
    peaks = []
    sizes = (500, 2500)
    for size in sizes:
        file, piece = tmp_path / f"{size}.npy", tmp_path / f"{size}.h5"
        np.save(file, np.resize(few, (size, *few.shape[1:])))
        read_piece({"file": file}, IMAGES, [1, 1], piece)
        tracemalloc.start()
        sample, crop = {"file": file}, tmp_path / "c.h5"
        measure_crop(sample, IMAGES, crop, STEPS, SPLIT, pieces=[piece])
        prepare_normal(
            sample, IMAGES, tmp_path / "n.h5", STEPS, SPLIT, pieces=[piece], measured=crop
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    each = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
    assert each * 10**7 < 2**30  # the other half is for what does not grow
