"""The content of raw files: every byte of them and of what they refer to, read once."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import IMAGES, SCRIPTS, jets

from oddjet.common.errors import InputError
from oddjet.planning import contents as module
from oddjet.planning.contents import checksums, contents, unchanged
from oddjet.prepare import samples
from oddjet.prepare.raw import open_array


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of Snakemake, and where checksums are kept there."""
    monkeypatch.chdir(tmp_path)
    Path(".snakemake").mkdir()
    return module.KEPT


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as settled at once, as those of users are that lie there for a while."""
    monkeypatch.setattr(module, "SETTLED", -(10**18))


def read_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on."""
    read: list[str] = []
    digest = hashlib.file_digest

    def noted(stream: Any, name: str) -> Any:
        read.append(Path(stream.name).name)
        return digest(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", noted)
    return read


def digest_of(path: str | Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


# Every byte, in all formats


def write_root(file: str, values: np.ndarray) -> None:
    uproot = pytest.importorskip("uproot")
    with uproot.recreate(file) as opened:
        opened["tree"] = {"x": values.reshape(len(values), -1)}


def write_h5(file: str | Path, values: np.ndarray) -> None:
    with h5py.File(file, "w") as opened:
        opened["x"] = values


WRITERS: dict[str, Callable[[str, np.ndarray], object]] = {
    "a.npz": lambda file, values: np.savez(file, x=values),
    "compressed.npz": lambda file, values: np.savez_compressed(file, x=values),
    "a.npy": np.save,
    "a.h5": write_h5,
    "a.parquet": lambda file, values: pd.DataFrame({"x": values.ravel()}).to_parquet(file),
    "a.root": write_root,
}


@pytest.mark.parametrize("file", WRITERS)
def test_one_changed_byte_is_seen_wherever_it_is_though_the_times_are_put_back(
    file: str, settled: None
) -> None:
    WRITERS[file](file, np.random.default_rng(0).random((2000, 16, 16)))
    before, stat = contents(file), Path(file).stat()
    assert before == [digest_of(file)]
    where = random.Random(file)
    for _ in range(20):
        place = where.randrange(stat.st_size)
        with open(file, "r+b") as stream:
            stream.seek(place)
            byte = stream.read(1)[0]
            for written in (byte ^ 1, byte):
                stream.seek(place)
                stream.write(bytes([written]))
                stream.flush()
                time.sleep(0.01)  # another tick of the file system's clock
                os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
                assert Path(file).stat().st_mtime_ns == stat.st_mtime_ns
                assert (contents(file) == before) == (written == byte)


@pytest.mark.parametrize("file", WRITERS)
def test_a_copy_that_keeps_the_dates_and_a_link_that_points_elsewhere_are_seen(
    file: str, settled: None
) -> None:
    for name in ("old", "new"):
        Path(name).mkdir()
        WRITERS[file](f"{name}/{file}", np.full((40, 4, 4), 1.5 if name == "old" else 2.5))
    old, new = Path("old", file), Path("new", file)
    shutil.copy2(old, file)
    Path(f"link-{file}").symlink_to(old)
    before = contents(file)
    assert before == contents(f"link-{file}") == contents(old)
    os.utime(new, (0, 0))
    time.sleep(0.01)
    shutil.copy2(new, file)
    Path(f"link-{file}").unlink()
    Path(f"link-{file}").symlink_to(new)
    assert contents(file) == contents(f"link-{file}") == contents(new) != before


def test_dates_alone_even_of_the_future_and_the_place_change_nothing() -> None:
    np.save("a.npy", np.arange(5.0))
    before = contents("a.npy")
    for when in (0, time.time() + 10**8):
        os.utime("a.npy", (when, when))
        assert contents("a.npy") == before
    Path("elsewhere").mkdir()
    shutil.move("a.npy", "elsewhere/b.npy")
    assert contents("elsewhere/b.npy") == before


def test_what_cannot_be_read_has_no_contents() -> None:
    assert contents("none.npz") is None
    assert contents(".") is None


# Read once


@pytest.mark.parametrize("file", ["a.npz", "a.h5"])
def test_an_unchanged_file_is_read_once(
    file: str, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    WRITERS[file](file, np.ones((3, 4)))
    read = read_again(monkeypatch)
    first = contents(file)
    assert read == [file]
    monkeypatch.setitem(sys.modules, "h5py", None)  # nor is it opened
    assert contents(file) == first
    assert read == [file]


def test_a_file_that_changed_a_moment_ago_is_read_again(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save("a.npy", np.arange(5.0))
    read = read_again(monkeypatch)
    contents("a.npy")
    contents("a.npy")
    assert read == ["a.npy", "a.npy"]
    assert not kept.exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"path": 1}'])
def test_a_damaged_record_is_written_anew(damage: str, kept: Path, settled: None) -> None:
    np.save("a.npy", np.arange(5.0))
    first = contents("a.npy")
    (entry,) = kept.iterdir()
    whole = entry.read_text("utf-8")
    entry.write_text(damage, "utf-8")
    assert contents("a.npy") == first
    assert json.loads(entry.read_text("utf-8")) == json.loads(whole)


def test_where_nothing_can_be_kept_the_file_is_read_again(kept: Path, settled: None) -> None:
    np.save("a.npy", np.arange(5.0))
    kept.write_text("a file in its place", "utf-8")
    assert contents("a.npy") == contents("a.npy") == [digest_of("a.npy")]
    shutil.rmtree(".snakemake", ignore_errors=True)
    assert contents("a.npy") == [digest_of("a.npy")]
    assert not Path(".snakemake").exists()


def test_without_h5py_the_references_are_not_kept_as_none(
    kept: Path, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_virtual()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "h5py", None)
        assert contents("all.h5") == [digest_of("all.h5")]
    assert contents("all.h5") == [digest_of(f) for f in ("all.h5", "part0.h5", "part1.h5")]


def test_a_start_of_snakemake_imports_nothing_that_computes() -> None:
    code = "import sys, oddjet.planning.contents; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "torch", "h5py", "pandas"} & set(done.stdout.split())


# What a file refers to


def write_virtual() -> None:
    """all.h5 with `x` (8, 2) from part0.h5 (5, 2) and part1.h5 (3, 2)."""
    layout = h5py.VirtualLayout((8, 2), "f8")
    for name, start, stop in (("part0.h5", 0, 5), ("part1.h5", 5, 8)):
        write_h5(name, np.full((stop - start, 2), 1.0 + start))
        layout[start:stop] = h5py.VirtualSource(name, "x", (stop - start, 2))
    with h5py.File("all.h5", "w") as opened:
        opened.create_virtual_dataset("x", layout)


def write_linked() -> None:
    """all.h5 with a link to `x` of part0.h5, which is made from part1.h5."""
    write_h5("part1.h5", np.ones((8, 2)))
    layout = h5py.VirtualLayout((8, 2), "f8")
    layout[:] = h5py.VirtualSource("part1.h5", "x", (8, 2))
    with h5py.File("part0.h5", "w") as opened:
        opened.create_virtual_dataset("x", layout)
    with h5py.File("all.h5", "w") as opened:
        opened["group/x"] = h5py.ExternalLink("part0.h5", "x")


def write_stored_outside() -> None:
    """all.h5 with `x` in two raw files."""
    with h5py.File("all.h5", "w") as opened:
        outside = [("part0.h5", 0, 64), ("part1.h5", 0, 64)]
        opened.create_dataset("x", data=np.ones((8, 2)), external=outside)


REFERRING: dict[str, Callable[[], None]] = {
    "a virtual dataset": write_virtual,
    "a link to a virtual dataset": write_linked,
    "raw storage outside": write_stored_outside,
}


@pytest.mark.parametrize("kind", REFERRING)
def test_an_edited_file_that_is_referred_to_is_seen_and_it_alone_is_read_again(
    kind: str, settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    REFERRING[kind]()
    before = contents("all.h5")
    assert before == [digest_of(name) for name in ("all.h5", "part0.h5", "part1.h5")]
    assert list(checksums("all.h5")) == [
        Path(name).absolute() for name in ("all.h5", "part0.h5", "part1.h5")
    ]
    time.sleep(0.01)
    whole = Path("part1.h5").read_bytes()
    with open("part1.h5", "r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([whole[-1] ^ 1]))
    os.utime("part1.h5", (0, 0))
    read = read_again(monkeypatch)
    assert contents("all.h5") == [*(before or [])[:2], digest_of("part1.h5")] != before
    assert read == ["part1.h5"]


def test_references_are_found_from_elsewhere_through_a_link_and_by_absolute_names(
    settled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_virtual()
    expected = [digest_of(name) for name in ("all.h5", "part0.h5", "part1.h5")]
    Path("elsewhere").mkdir()
    Path("elsewhere/link.h5").symlink_to(Path("all.h5").absolute())
    monkeypatch.chdir("elsewhere")
    for file in ("../all.h5", "link.h5"):
        assert [one for one in contents(file) or [] if one] == expected
        assert np.concatenate(list(open_array(file).pieces()))[:, 0].tolist() == [1.0] * 5 + [6] * 3


def test_files_that_refer_to_each_other_are_read_once(settled: None) -> None:
    Path("folder").mkdir()
    for name, other in (("a", "b"), ("b", "a")):
        with h5py.File(f"folder/{name}.h5", "w") as opened:
            opened["x"] = h5py.ExternalLink(f"../folder/{other}.h5", "y")
    assert contents("folder/a.h5") == [digest_of(f"folder/{name}.h5") for name in "ab"]


def write_row(file: bytes = b"p%b.h5", name: bytes = b"x") -> None:
    """all.h5 with `x`, two rows from each source of a row of them, however many there are."""
    mapped = h5py.h5s.create_simple((2, 2), (h5py.h5s.UNLIMITED, 2))
    mapped.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), stride=(2, 2), block=(2, 2))
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_virtual(mapped, file, name, h5py.h5s.create_simple((2, 2)))
    with h5py.File("all.h5", "w") as opened:
        h5py.h5d.create(opened.id, b"x", h5py.h5t.IEEE_F64LE, mapped, created)


def test_files_that_a_pattern_names_are_all_followed(settled: None) -> None:
    for block in range(3):
        write_h5(f"p{block}.h5", np.full((2, 2), block + 1.0))
    write_row()
    before = contents("all.h5") or []
    assert [one for one in before if one] == [
        digest_of(name) for name in ("all.h5", "p0.h5", "p1.h5", "p2.h5")
    ]
    assert open_array("all.h5").shape == (6, 2)
    assert read("all.h5")[::2, 0].tolist() == [1, 2, 3]
    write_h5("p3.h5", np.full((2, 2), 4.0))
    assert digest_of("p3.h5") in (contents("all.h5") or [])


def test_a_source_that_comes_changes_the_contents() -> None:
    write_virtual()
    whole = contents("all.h5")
    Path("part1.h5").rename("away.h5")
    missing = contents("all.h5")
    assert missing != whole
    Path("away.h5").rename("part1.h5")
    assert contents("all.h5") == whole


# A missing source


def read(file: str) -> np.ndarray:
    return np.concatenate(list(open_array(file).pieces()))


def without_dataset() -> None:
    with h5py.File("part1.h5", "a") as opened:
        del opened["x"]


SPOILT: dict[str, tuple[Callable[[], object], str]] = {
    "missing": (lambda: Path("part1.h5").unlink(), "the missing file part1.h5"),
    "damaged": (
        lambda: Path("part1.h5").write_bytes(b"x" * 99),
        r"part1\.h5, which cannot be read",
    ),
    "another": (without_dataset, r"'x', missing in .*part1\.h5"),
    "shorter": (lambda: write_h5("part1.h5", np.ones((1, 2))), "damaged data in 'x'"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_source_that_would_be_read_as_zeros_is_an_error_that_names_it(case: str) -> None:
    write_virtual()
    assert read("all.h5").min() == 1
    spoil, found = SPOILT[case]
    spoil()
    with pytest.raises(InputError, match=f"all\\.h5: found .*{found}"):
        read("all.h5")


def test_a_missing_source_of_a_source_and_one_in_the_file_itself_are_named() -> None:
    write_linked()
    Path("part1.h5").unlink()
    with pytest.raises(
        InputError, match=r"found virtual dataset 'x' made from the missing .*part1"
    ):
        read("part0.h5")
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource(".", "y", (2,))
    with h5py.File("own.h5", "w") as opened:
        opened.create_virtual_dataset("x", layout)
    with pytest.raises(
        InputError, match=r"found virtual dataset 'x' made from 'y', missing in own"
    ):
        read("own.h5")


@pytest.mark.parametrize("many", [3, 12])
def test_a_gap_in_a_row_of_sources_is_an_error_that_names_what_is_missing(many: int) -> None:
    for block in range(many):
        write_h5(f"p{block}.h5", np.full((2, 2), block + 1.0))
    write_row()
    assert len(read("all.h5")) == 2 * many
    Path(f"p{many - 1}.h5").unlink()  # nothing says that the row was longer
    assert len(read("all.h5")) == 2 * many - 2
    Path("p1.h5").rename("away.h5")
    if many > 3:
        with pytest.raises(
            InputError, match=r"all\.h5: found .* made from the missing file p1\.h5"
        ):
            read("all.h5")
    with h5py.File("p1.h5", "w") as opened:
        opened["y"] = 1.0
    with pytest.raises(InputError, match=r"made from 'x', missing in .*p1\.h5"):
        read("all.h5")


def test_a_gap_in_a_row_of_datasets_is_an_error_that_names_what_is_missing() -> None:
    with h5py.File("one.h5", "w") as opened:
        for block in range(3):
            opened[f"d{block}"] = np.full((2, 2), block + 1.0)
    write_row(b"one.h5", b"d%b")
    assert read("all.h5")[::2, 0].tolist() == [1, 2, 3]
    with h5py.File("one.h5", "a") as opened:
        del opened["d1"]
    with pytest.raises(InputError, match=r"made from 'd1', missing in .*one\.h5"):
        read("all.h5")


# What a job was planned for


def test_a_job_gets_what_it_was_planned_for_or_an_error() -> None:
    np.save("a.npy", np.arange(5.0))
    planned = contents("a.npy")
    assert unchanged("a.npy") == unchanged("a.npy", planned) == planned
    np.save("a.npy", np.arange(6.0))
    with pytest.raises(InputError, match=r"a\.npy: found that it.*changed.*; expected .*\nHint: "):
        unchanged("a.npy", planned)
    Path("a.npy").unlink()
    with pytest.raises(InputError):
        unchanged("a.npy")


SPLIT = {"control": 0.3, "seed": 0}
STEPS = dict.fromkeys(("centre", "rotate", "flip", "unit_sum"), False)
STEPS |= {"crop": None, "size": None, "power": 1.0, "log": 0}


def prepare(planned: list[str | None] | None) -> Path:
    """Prepare the normal sample."""
    output = Path("normal.h5")
    each = None if planned is None else [planned]
    samples.prepare_normal({"file": "raw/normal.npz"}, IMAGES, output, STEPS, SPLIT, each)
    return output


def test_what_is_prepared_says_what_was_read(tiny_samples: Path) -> None:
    planned = contents("raw/normal.npz")
    for output in (prepare(planned), prepare(None)):
        with h5py.File(output) as opened:
            assert json.loads(opened.attrs["raw"]) == [planned] == [[digest_of("raw/normal.npz")]]


def test_a_file_replaced_before_or_while_it_is_read_is_an_error_and_leaves_nothing(
    tiny_samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = contents("raw/normal.npz")
    np.savez_compressed("raw/normal.npz", normal_data=jets(120, seed=7))
    with pytest.raises(InputError, match="changed after the job was planned"):
        prepare(planned)
    curve = samples.crop_curve  # is asked for when all is read

    def replaced(*arguments: Any) -> Any:
        np.savez_compressed("raw/normal.npz", normal_data=jets(120, seed=8))
        return curve(*arguments)

    monkeypatch.setattr(samples, "crop_curve", replaced)
    with pytest.raises(InputError, match="changed after the job was planned"):
        prepare(None)
    assert not Path("normal.h5").exists()
