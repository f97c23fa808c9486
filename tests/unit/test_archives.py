"""Members of archives: taken out whole, or refused with what there is."""

import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from oddjet.common.errors import InputError
from oddjet.prepare import archives

BYTES = bytes(range(256)) * 500


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("data")
        archive.writestr("data/train.h5", BYTES)
        archive.writestr("README", "text")


def write_tar(mode: str, prefix: str = "") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with tarfile.open(path, mode) as archive:
            folder = tarfile.TarInfo(f"{prefix}data")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, content in (("data/train.h5", BYTES), ("README", b"text")):
                member = tarfile.TarInfo(prefix + name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    return write


KINDS = {
    "zip": write_zip,
    "tar": write_tar("w"),
    "tar, names from its folder": write_tar("w", "./"),
    "tar.gz": write_tar("w:gz"),
    "tar.xz": write_tar("w:xz"),
}


@pytest.fixture(params=KINDS)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    KINDS[request.param](path)
    return path


def test_a_member_is_taken_out_byte_for_byte(archive: Path) -> None:
    output = archive.parent / "made" / "train.h5"
    archives.extract(archive, "data/train.h5", output)
    assert output.read_bytes() == BYTES
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize("member", ["train.h5", "data"])
def test_a_member_that_is_not_there_is_answered_with_those_that_are(
    archive: Path, member: str
) -> None:
    output = archive.parent / "train.h5"
    with pytest.raises(InputError, match=rf"no member '{member}' but data/train.h5, README;"):
        archives.extract(archive, member, output)
    assert not output.exists()


def test_a_member_that_the_disk_has_no_room_for_is_not_written(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(archive.parent)._replace(free=len(BYTES) - 1)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda folder: usage)
    output = archive.parent / "train.h5"
    with pytest.raises(
        InputError, match=r"a member 'data/train.h5' of 0.000128 GB; expected at most"
    ):
        archives.extract(archive, "data/train.h5", output)
    assert not output.exists()


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("spoil", ["cut", "changed", "none"])
def test_a_damaged_archive_is_refused(tmp_path: Path, kind: str, spoil: str) -> None:
    path, output = tmp_path / "archive", tmp_path / "train.h5"
    KINDS[kind](path)
    data = bytearray(path.read_bytes())
    if spoil == "cut":
        data = data[: len(data) // 2]
    elif spoil == "changed":
        data[len(data) // 2] ^= 255
    path.write_bytes(b"<html>" if spoil == "none" else data)
    with pytest.raises(InputError, match="found a damaged archive, or none"):
        archives.extract(path, "data/train.h5", output)
    assert not output.exists()
