"""Samples that are read in pieces, each by a job of its own.

Until the crop is known, what is done with a jet depends on nothing but the jet: it is read and
checked, and its image and its features are made. A piece holds these, and what prepares the sample
takes them from there in place of the raw files: the split, the crop and what else the whole sample
decides is found as without pieces, and the same bit by bit.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from oddjet.common import hdf5_files
from oddjet.common.errors import InputError
from oddjet.common.files import replacing
from oddjet.common.provenance import describe
from oddjet.prepare.images import Images, Piece
from oddjet.prepare.raw import Read
from oddjet.prepare.sample_files import asked, checked, files_of, read
from oddjet.prepare.sparse import Growing, SparseFile


def read_piece(
    sample: Mapping[str, Any],
    images: Mapping[str, Any],
    part: Sequence[int] | None,
    output: str | Path,
    planned: Read | None = None,
) -> None:
    """Read and check a piece of a sample.

    Writes HDF5: a `SparseFile` of the raw images; `place` (n,) int64, among the rows of the piece;
    `features`, float32 (n, F), with their `names`; of constituents the `leading` (n, k, 4) that
    `Images` keeps; as attributes the number of `rows`, and in `raw` the checksums of what was read.

    Args:
        sample, images: as `Images` takes them.
        part: its number, from 1 on, and how many there are of about as many rows; None for all
            rows of the files, which then are some of the sample's, and may hold none that is
            asked for.
        output: HDF5 to write.
        planned: as of `samples.prepare_normal`.

    Raises:
        InputError: a file or its pixels cannot be used, or changed meanwhile; more parts than rows.
    """
    raw, files = Images(sample, images, some=part is not None), files_of(sample)
    contents = read(files, planned)
    number, parts = part or (1, 1)
    if part is not None and parts > len(raw):
        raise InputError(
            raw.raw.file,
            f"pieces: {parts} of {len(raw)} rows",
            "a row at least in each",
            "set a smaller `pieces` of this sample.",
        )
    first, behind = (len(raw) * n // parts for n in (number - 1, number))
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        store, beside = SparseFile.create(target, raw.shape), Growing(target, behind - first)
        names: list[str] = []
        for piece in raw.pieces(slice(first, behind)):
            store.append(piece.images)
            found = {"place": piece.place - first}
            found["features"] = np.stack([*piece.features.values()], axis=1).astype(np.float32)
            found |= {} if piece.leading is None else {"leading": piece.leading}
            for name, values in found.items():
                beside.append(name, values)
            names = list(piece.features)
        beside.close()
        if names:
            target["features"].attrs["names"] = names
        target.attrs["rows"] = behind - first
        made_of = {"sample": asked(sample), "images": dict(images), "part": part}
        target.attrs.update(describe(made_of, {}, raw=checked(files, contents)))


def stored_pieces(raw: Images, files: Sequence[str | Path]) -> Iterator[Piece]:
    """Yield what `raw.pieces` does, from the files of all pieces, in their order.

    Raises:
        InputError: as of `raw.pieces`, where no piece holds a jet; pieces of other rows.
    """
    done, jets = 0, 0
    for file in files:
        with h5py.File(file) as source:
            store = SparseFile(source)
            for rows, images in store.pieces(np.arange(len(store))):
                here = slice(rows[0], rows[-1] + 1)
                found = source["features"]
                features = dict(zip(found.attrs["names"], found[here].T, strict=True))
                leading = source["leading"][here] if "leading" in source else None
                if leading is not None:  # files of a sample may hold fewer constituents each
                    missing = raw.leading - leading.shape[1]
                    leading = np.pad(leading, [(0, 0), (0, missing), (0, 0)])
                yield Piece(done + source["place"][here], images, features, leading)
            done, jets = done + int(source.attrs["rows"]), jets + len(store)
    if done != len(raw):
        raise InputError(
            raw.raw.file,
            f"{len(raw)} rows that are asked for, and {done} in the pieces {Path(files[0]).parent}",
            "pieces of these rows",
            "delete this folder, and give the same command again.",
        )
    if not jets:
        yield from raw.pieces()  # which says what is there in place of jets
