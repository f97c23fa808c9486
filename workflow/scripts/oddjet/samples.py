"""Prepared samples: checked, preprocessed, stored sparse; the normal one with its control part."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from oddjet.errors import InputError
from oddjet.files import replacing
from oddjet.preprocessing import prepared_shape, preprocess, smallest_crop
from oddjet.provenance import describe
from oddjet.quantities import jet_quantities
from oddjet.raw import RawArray, image_pieces, image_shape, open_array, read_truth
from oddjet.sparse import SparseFile, SparseImages
from oddjet.splits import control_mask, train_and_validation

log = logging.getLogger(__name__)

LEAST_SIDE = 8  # pixels that every model takes


def prepare_normal(
    file: str,
    key: str | None,
    output: str | Path,
    preprocessing: Mapping[str, Any],
    split: Mapping[str, float],
) -> None:
    """Check the raw normal sample, preprocess it, and hold out its control part.

    Writes HDF5: what `prepare_test` writes, and `control` (N,) bool.

    Args:
        file: raw .npz or HDF5.
        key: array in it; may be None where there is one.
        output: HDF5 to write.
        preprocessing: the steps, as `preprocess` takes them, and `crop`: a side in raw pixels,
            None, or `auto`, measured on the jets outside the control part.
        split: `control` (share of the events) and `seed`.

    Raises:
        InputError: the file or its pixels cannot be used.
    """
    raw = open_array(file, key)
    shape = image_shape(raw)
    _large_enough(file, shape, f"images of shape {shape} (channels, height, width)")
    control = control_mask(raw.events, split["control"], int(split["seed"]))
    crop = preprocessing["crop"]
    if crop == "auto":
        crop = max(LEAST_SIDE, smallest_crop(_outside(raw, control), preprocessing))
    left = prepared_shape(shape, crop, preprocessing["size"])
    _large_enough(file, left, f"{left[1]} x {left[2]} pixels left by the preprocessing")
    with replacing(output) as partial, h5py.File(partial, "w") as target:
        _store(raw, target, preprocessing, crop)
        target["control"] = control
        configuration = {"key": key, "preprocessing": dict(preprocessing), "split": dict(split)}
        target.attrs.update(describe(configuration, {"raw": file}))


def prepare_test(
    file: str,
    key: str | None,
    output: str | Path,
    preprocessing: Mapping[str, Any],
    normal: str | Path,
) -> None:
    """Check a raw test and preprocess it, cropped as the prepared normal sample was.

    Writes HDF5: a `SparseFile` of the preprocessed images; in `quantities` those of each raw image,
    float32 (N,), as `jet_quantities` names them; as attributes the `crop` in raw pixels, if any,
    and of the raw images the shape, the number of blank ones and of lit pixels, and the brightest
    pixel.

    Args:
        file, key, output, preprocessing: as of `prepare_normal`.
        normal: the prepared normal sample.

    Raises:
        InputError: the file or its pixels cannot be used.
    """
    with h5py.File(normal, "r") as source:
        crop = source.attrs.get("crop")
    with replacing(output) as partial, h5py.File(partial, "w") as target:
        _store(open_array(file, key), target, preprocessing, None if crop is None else int(crop))
        configuration = {"key": key, "preprocessing": dict(preprocessing)}
        target.attrs.update(describe(configuration, {"raw": file, "normal": normal}))


def _large_enough(file: str, shape: tuple[int, int, int], found: str) -> None:
    if min(shape[1:]) < LEAST_SIDE:
        raise InputError(
            file,
            found,
            f"at least {LEAST_SIDE} x {LEAST_SIDE}, which the models halve three times",
            "give larger images, or set a larger preprocessing.crop and preprocessing.size.",
        )


def _outside(raw: RawArray, control: np.ndarray) -> Iterator[SparseImages]:
    """The images outside the control part, piece by piece."""
    done = 0
    for images in image_pieces(raw):
        yield SparseImages.from_dense(images[~control[done : done + len(images)]])
        done += len(images)


def _store(
    raw: RawArray, target: h5py.File, preprocessing: Mapping[str, Any], crop: int | None
) -> None:
    shape = image_shape(raw)
    store = SparseFile.create(target, prepared_shape(shape, crop, preprocessing["size"]))
    blank, emptied, brightest = 0, 0, 0.0
    quantities = []
    for images in image_pieces(raw):
        sparse = SparseImages.from_dense(images)
        prepared = preprocess(sparse, preprocessing, crop)
        store.append(prepared)
        quantities.append(jet_quantities(sparse))
        dark = quantities[-1]["lit_pixels"] == 0
        blank += int(dark.sum())
        emptied += int(((np.diff(prepared.offsets) == 0) & ~dark).sum())
        brightest = max(brightest, float(images.max()))
    for name in quantities[0]:
        values = np.concatenate([piece[name] for piece in quantities])
        target[f"quantities/{name}"] = values.astype(np.float32)
    target.attrs.update(
        key=raw.key,
        raw_shape=shape,
        blank=blank,
        lit=int(target["quantities/lit_pixels"][:].sum(dtype=np.float64)),
        brightest_pixel=brightest,
    )
    if crop is not None:
        target.attrs["crop"] = crop
    log.info(
        *("%s: %d events of shape %s, %d of them blank", raw.file, len(store), shape, blank),
    )
    log.info("prepared with crop %s to shape %s, %d left empty", crop, store.shape, emptied)


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


def prepare_known_truth(label: int, prepared_test: str | Path, output: str | Path) -> None:
    """Store one truth label for all events of a test, as `prepare_truth` does."""
    with h5py.File(prepared_test, "r") as test:
        events = len(SparseFile(test))
    with replacing(output) as partial, h5py.File(partial, "w") as target:
        target["label"] = np.full(events, label, np.int8)
        target.attrs.update(describe({"label": label}, {}))


def check_together(
    normal: str | Path,
    tests: Mapping[str, str],
    files: Sequence[str],
    validation: float,
    least_control: int,
    max_fpr: float,
) -> pd.DataFrame:
    """Check that prepared samples fit together and list them.

    Args:
        normal: the prepared normal sample.
        tests: prepared tests by name.
        files: the raw files, of the normal sample and of the tests.
        validation: share of the normal jets outside the control part that validates.
        least_control: control jets without which `max_fpr` cannot be proved.
        max_fpr: the false positive rate asked for, named in the error.

    Returns:
        A row per sample, of the raw images: `sample, file, events, channels, height, width,
        lit_fraction, blank, brightest_pixel`.

    Raises:
        InputError: images of different shapes or too small for any model, or too few normal jets in
            one of their parts.
    """
    samples = [("normal", normal), *tests.items()]
    rows = [_list(*sample, file) for sample, file in zip(samples, files, strict=True)]
    axes = ["channels", "height", "width"]
    for row in rows[1:]:
        if any(row[axis] != rows[0][axis] for axis in axes):
            raise InputError(
                row["file"],
                f"images of shape {tuple(row[axis] for axis in axes)} (channels, height, width)",
                f"{tuple(rows[0][axis] for axis in axes)} as in {rows[0]['file']}",
                "make the images of all samples in the same way.",
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


def _list(name: str, path: str | Path, file: str) -> dict:
    with h5py.File(path, "r") as source:
        events = len(SparseFile(source))
        channels, height, width = (int(n) for n in source.attrs["raw_shape"])
        return {
            "sample": name,
            "file": file,
            "events": events,
            "channels": channels,
            "height": height,
            "width": width,
            "lit_fraction": source.attrs["lit"] / (events * channels * height * width),
            "blank": source.attrs["blank"],
            "brightest_pixel": source.attrs["brightest_pixel"],
        }
