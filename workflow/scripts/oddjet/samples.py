"""Prepared samples: checked, stored sparse, the normal one with its control part."""

import logging
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from oddjet.errors import InputError
from oddjet.files import replacing
from oddjet.provenance import describe
from oddjet.raw import image_pieces, image_shape, open_array, read_truth
from oddjet.sparse import SparseFile, SparseImages
from oddjet.splits import control_mask, train_and_validation

log = logging.getLogger(__name__)

LEAST_SIDE = 8  # pixels


def prepare(
    file: str, key: str | None, output: str | Path, split: Mapping[str, float] | None = None
) -> None:
    """Check a raw sample and store its images sparse in HDF5, pixels as they are.

    Args:
        file: raw .npz.
        key: array in it; may be None where there is one.
        output: HDF5 to write: a `SparseFile`, and `control` (N,) bool where `split` is given.
        split: `control` (share of the events) and `seed`; for the normal sample.

    Raises:
        InputError: the file or its pixels cannot be used.
    """
    raw = open_array(file, key)
    with replacing(output) as partial, h5py.File(partial, "w") as target:
        store = SparseFile.create(target, image_shape(raw))
        blank, lit, brightest = 0, 0, 0.0
        for images in image_pieces(raw):
            sparse = SparseImages.from_dense(images)
            store.append(sparse)
            blank += int((np.diff(sparse.offsets) == 0).sum())
            lit += len(sparse.values)
            brightest = max(brightest, float(images.max()))
        if split is not None:
            target["control"] = control_mask(len(store), split["control"], int(split["seed"]))
        target.attrs.update(
            file=str(file), key=raw.key, blank=blank, lit=lit, brightest_pixel=brightest
        )
        target.attrs.update(describe({"key": key, "split": split}, {"raw": file}))
        log.info(
            "%s: %d events of shape %s, %d of them blank", file, len(store), store.shape, blank
        )


def prepare_truth(
    file: str, key: str | None, prepared_test: str | Path, output: str | Path
) -> None:
    """Check truth labels against the test they belong to and store them, int8 (N,) `label`.

    Raises:
        InputError: another length than the test's, or values other than 0 and 1.
    """
    with h5py.File(prepared_test, "r") as test:
        labels = read_truth(open_array(file, key), len(SparseFile(test)))
    with replacing(output) as partial, h5py.File(partial, "w") as target:
        target["label"] = labels
        target.attrs.update(describe({"key": key}, {"raw": file}))


def check_together(
    normal: str | Path,
    tests: Mapping[str, str],
    validation: float,
    least_control: int,
    max_fpr: float,
) -> pd.DataFrame:
    """Check that prepared samples fit together and list them.

    Args:
        normal: the prepared normal sample.
        tests: prepared tests by name.
        validation: share of the normal jets outside the control part that validates.
        least_control: control jets without which `max_fpr` cannot be proved.
        max_fpr: the false positive rate asked for, named in the error.

    Returns:
        A row per sample: `sample, file, events, channels, height, width, lit_fraction, blank,
        brightest_pixel`.

    Raises:
        InputError: images of different shapes or too small for any model, or too few normal jets in
            one of their parts.
    """
    rows = [_list("normal", normal), *(_list(name, path) for name, path in tests.items())]
    axes = ["channels", "height", "width"]
    for row in rows[1:]:
        if any(row[axis] != rows[0][axis] for axis in axes):
            raise InputError(
                row["file"],
                f"images of shape {tuple(row[axis] for axis in axes)} (channels, height, width)",
                f"{tuple(rows[0][axis] for axis in axes)} as in {rows[0]['file']}",
                "make the images of all samples in the same way.",
            )
    if min(rows[0]["height"], rows[0]["width"]) < LEAST_SIDE:
        raise InputError(
            rows[0]["file"],
            f"images of {rows[0]['height']} x {rows[0]['width']} pixels",
            f"at least {LEAST_SIDE} x {LEAST_SIDE}, which the models halve three times",
            "make the images with finer pixels or a wider window.",
        )
    with h5py.File(normal, "r") as source:
        control = source["control"][:]
    if control.sum() < least_control:
        raise InputError(
            rows[0]["file"],
            f"{control.sum()} control jets",
            f"at least {least_control}, to prove a false positive rate <= {max_fpr:g}",
            "give more normal jets, a larger split.control, or a larger fraction.max_fpr.",
        )
    parts = train_and_validation(control, validation, seed=0)
    if any(len(part) == 0 for part in parts):
        raise InputError(
            rows[0]["file"],
            f"{len(parts[0])} jets to train and {len(parts[1])} to validate beside control",
            "at least one of each",
            "give more normal jets, or smaller shares in split.",
        )
    return pd.DataFrame(rows)


def _list(name: str, path: str | Path) -> dict:
    with h5py.File(path, "r") as source:
        store = SparseFile(source)
        channels, height, width = store.shape
        return {
            "sample": name,
            "file": source.attrs["file"],
            "events": len(store),
            "channels": channels,
            "height": height,
            "width": width,
            "lit_fraction": source.attrs["lit"] / (len(store) * channels * height * width),
            "blank": source.attrs["blank"],
            "brightest_pixel": source.attrs["brightest_pixel"],
        }
