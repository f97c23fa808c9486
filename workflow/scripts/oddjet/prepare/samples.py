"""Prepared samples: checked, preprocessed, stored sparse; the normal one with its control part."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from oddjet.common import hdf5_files
from oddjet.common.errors import InputError
from oddjet.common.files import replacing
from oddjet.common.provenance import describe
from oddjet.common.scorefiles import identities, identities_in
from oddjet.prepare import sample_checks
from oddjet.prepare.features import FEATURES
from oddjet.prepare.images import Images, Piece
from oddjet.prepare.piece_files import stored_pieces
from oddjet.prepare.preprocessing import crop_curve, prepared_shape, preprocess, smallest_crop
from oddjet.prepare.raw import Read, open_column, read_one_hot, read_truth
from oddjet.prepare.sample_files import asked, checked, files_of, read
from oddjet.prepare.sparse import Growing, SparseFile, SparseImages
from oddjet.prepare.splits import control_mask, train_and_validation

log = logging.getLogger(__name__)

LEAST_JETS = 10  # of a test: fractions of fewer say nothing, and nothing can be told apart
LEAST_SIDE = 8  # pixels that every model takes
CURVE_JETS = 2000  # for a figure: enough
CROP_JETS = 100_000  # that the crop is measured on: it is a whole number of pixels
HELD = 2**28  # bytes of raw jets, sparse, and their features, that are not read again: 120,000


def prepare_normal(
    sample: Mapping[str, Any],
    images: Mapping[str, Any],
    output: str | Path,
    preprocessing: Mapping[str, Any],
    split: Mapping[str, float],
    planned: Read | None = None,
    like: str | Path | None = None,
    pieces: Sequence[str | Path] = (),
    measured: str | Path | None = None,
) -> None:
    """Check the raw normal sample, preprocess it, and hold out its control part.

    Writes HDF5: what `prepare_test` writes; `control` (N,) bool; and in `crop_curve` what squares
    of any side hold of the first jets, as `preprocessing.crop_curve` returns it.

    Args:
        sample, images: as `Images` takes them.
        output: HDF5 to write.
        preprocessing: the steps, as `preprocess` takes them, and `crop`: a side in raw pixels,
            None, or `auto`, measured on the jets outside the control part.
        split: `control` (share of the events) and `seed`.
        planned: what each of the raw files should hold, those of weights last, as
            `planning.contents` says it.
        like: the sample as it was prepared otherwise, whose jets are kept, so that those of all
            preparations are the same; None to keep every jet that is not empty.
        pieces: the sample as `piece_files.read_piece` has read it; none where it was not.
        measured: what `measure_crop` wrote of the sample; None where it did not.

    Raises:
        InputError: the file or its pixels cannot be used, or it changed meanwhile.
    """
    raw, files = Images(sample, images), files_of(sample)
    contents = read(files, planned)
    _large_enough(raw, raw.shape, f"images of shape {raw.shape} (channels, height, width)")
    control = _control(raw, split)
    crop = preprocessing["crop"]
    held = _Pieces(raw, pieces)
    if crop == "auto":
        crop = _crop_of(measured) if measured else _measured(held, control, preprocessing)
    left = prepared_shape(raw.shape, crop, preprocessing["size"])
    _large_enough(raw, left, f"{left[1]} x {left[2]} pixels left by the preprocessing")
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        kept = _store(raw, held, target, preprocessing, crop, like)
        target["control"] = control[kept]
        for name, values in crop_curve(_first(held), preprocessing).items():
            target[f"crop_curve/{name}"] = values
        configuration = _made_as(sample, raw, preprocessing) | {"split": dict(split)}
        target.attrs.update(describe(configuration, {}, raw=checked(files, contents)))


def measure_crop(
    sample: Mapping[str, Any],
    images: Mapping[str, Any],
    output: str | Path,
    preprocessing: Mapping[str, Any],
    split: Mapping[str, float],
    planned: Read | None = None,
    pieces: Sequence[str | Path] = (),
) -> None:
    """Measure the crop that is `auto`, as `prepare_normal` does, and nothing else.

    Writes HDF5: as attributes the `crop` in raw pixels, and in `raw` the checksums of what was
    read.

    Args:
        sample, images, output, preprocessing, split, planned, pieces: as of `prepare_normal`.

    Raises:
        InputError: as of `prepare_normal`.
    """
    raw, files = Images(sample, images), files_of(sample)
    contents = read(files, planned)
    _large_enough(raw, raw.shape, f"images of shape {raw.shape} (channels, height, width)")
    crop = _measured(_all_of(raw, pieces), _control(raw, split), preprocessing)
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        target.attrs["crop"] = crop
        configuration = _made_as(sample, raw, preprocessing) | {"split": dict(split)}
        target.attrs.update(describe(configuration, {}, raw=checked(files, contents)))


def prepare_test(
    sample: Mapping[str, Any],
    images: Mapping[str, Any],
    output: str | Path,
    preprocessing: Mapping[str, Any],
    cropped_as: str | Path | None = None,
    planned: Read | None = None,
    like: str | Path | None = None,
    pieces: Sequence[str | Path] = (),
) -> None:
    """Check a raw test and preprocess it, cropped as the normal sample is.

    Writes HDF5: a `SparseFile` of the preprocessed images; `event` (N,) int64, the rows in the raw
    file, or in all of them one behind the other, and `source` (N,) int32, by its number, the file
    that they are from, and where events were clustered `jet` (N,) int8, which jet of the event;
    `left_out` (and `left_out_jet`), the rows that hold no jet: blank, or emptied by the crop;
    `digest` (N,) uint64 of each raw jet's content; in `features` those of each raw jet, float32
    (N,), named as in `features.FEATURES`; of constituents the `constituents` (N, k, 4) float32 that
    `Images` keeps; as attributes the `crop` in raw pixels, if any, the units of pT, mass and width,
    the number of rows of the raw files, together and of each, and the `row_shape` of one there,
    how many of them are `chosen` and their `effective` number before they are unweighted; of the
    raw images the shape, how many are `blank`, `emptied` by the crop, or lit in `one_pixel`, the
    number of lit pixels, and the brightest pixel; and in `raw` the checksums of what was read.

    Args:
        sample, images, output, preprocessing, planned, like, pieces: as of `prepare_normal`.
        cropped_as: the prepared normal sample, or what `measure_crop` wrote of it, where the crop
            is `auto`.

    Raises:
        InputError: the file or its pixels cannot be used, or it changed meanwhile.
    """
    crop = preprocessing["crop"] if cropped_as is None else _crop_of(cropped_as)
    raw, files = Images(sample, images), files_of(sample)
    contents = read(files, planned)
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        _store(raw, _all_of(raw, pieces), target, preprocessing, crop, like)
        configuration = _made_as(sample, raw, preprocessing)
        found = checked(files, contents)
        inputs = {} if cropped_as is None else {"normal": cropped_as}
        target.attrs.update(describe(configuration, inputs, raw=found))


def _made_as(
    sample: Mapping[str, Any], raw: Images, preprocessing: Mapping[str, Any]
) -> dict[str, Any]:
    # as the jets were read: those found in events have other coordinates than these
    images = dict(raw.settings)
    return {"sample": asked(sample), "images": images, "preprocessing": dict(preprocessing)}


def _large_enough(raw: Images, shape: tuple[int, int, int], found: str) -> None:
    if min(shape[1:]) < LEAST_SIDE:
        raise InputError(
            raw.raw.file,
            found,
            f"at least {LEAST_SIDE} x {LEAST_SIDE}, which the models halve three times",
            "give larger images, set images.layout as the axes are, or set a larger "
            "preprocessing.crop and preprocessing.size.",
        )


class _Pieces:
    """The pieces of a sample, to be gone through several times.

    They are kept as far as they take no more than `HELD` bytes; a larger sample is read again.
    """

    def __init__(self, raw: Images, stored: Sequence[str | Path]) -> None:
        self.raw, self.stored = raw, stored
        self.held: list[Piece] = []
        self.is_whole = False

    def __iter__(self) -> Iterator[Piece]:
        if self.is_whole:
            yield from self.held
            return
        held: list[Piece] = []
        size = 0
        for piece in _all_of(self.raw, self.stored):
            size += _bytes(piece)
            if size <= HELD:
                held.append(piece)
            else:
                held.clear()
            yield piece
        self.held, self.is_whole = held, size <= HELD


def _all_of(raw: Images, stored: Sequence[str | Path]) -> Iterator[Piece]:
    return stored_pieces(raw, stored) if stored else raw.pieces()


def _bytes(piece: Piece) -> int:
    images = piece.images
    arrays = [piece.place, images.offsets, images.pixels, images.values]
    arrays += [] if piece.leading is None else [piece.leading]
    features = len(FEATURES) * piece.place.nbytes  # as large, whether they are computed yet or not
    return sum(array.nbytes for array in arrays) + features


def _control(raw: Images, split: Mapping[str, float]) -> np.ndarray:
    """Mark the control part, drawn for all rows, before it is known which of them hold jets."""
    return control_mask(len(raw), split["control"], int(split["seed"]))


def _crop_of(file: str | Path) -> int | None:
    """The crop that a file says, in raw pixels; None for the whole image."""
    with h5py.File(file, "r") as source:
        crop = source.attrs.get("crop")
    return None if crop is None else int(crop)


def _measured(
    pieces: Iterable[Piece], control: np.ndarray, preprocessing: Mapping[str, Any]
) -> int:
    """The crop in raw pixels that `auto` stands for."""
    return max(LEAST_SIDE, smallest_crop(_measured_on(pieces, control), preprocessing))


def _measured_on(pieces: Iterable[Piece], control: np.ndarray) -> Iterator[SparseImages]:
    """Images outside the control part, `CROP_JETS` at most, from all over the sample."""
    outside = np.flatnonzero(~control)
    measured = np.zeros(len(control), bool)
    measured[outside[:: -(-len(outside) // CROP_JETS)]] = True
    for piece in pieces:
        yield piece.images.select(np.flatnonzero(measured[piece.place]))


def _first(pieces: Iterable[Piece]) -> Iterator[SparseImages]:
    """The first `CURVE_JETS` images, or all."""
    left = CURVE_JETS
    for piece in pieces:
        few = np.arange(min(left, len(piece.images)))
        yield piece.images.select(few)
        left -= len(few)
        if left == 0:
            return


def _store(
    raw: Images,
    pieces: Iterable[Piece],
    target: h5py.File,
    preprocessing: Mapping[str, Any],
    crop: int | None,
    like: str | Path | None,
) -> np.ndarray:
    """Preprocess and store the jets of a sample, given its pieces.

    Returns:
        The place of those that were kept among the rows that were asked for, ascending.

    Raises:
        InputError: the file or its pixels cannot be used, or the crop leaves no jet, or empties one
            that is kept elsewhere.
    """
    store = SparseFile.create(target, prepared_shape(raw.shape, crop, preprocessing["size"]))
    beside, elsewhere = Growing(target, len(raw)), None
    if like is not None:
        with h5py.File(like) as other:
            elsewhere = identities_in(other)
    origins = raw.origins
    known = identities(origins.event, origins.jet)
    jets, one_pixel, brightest = 0, 0, 0.0
    places, digests = [], []
    for piece in pieces:
        prepared = preprocess(piece.images, preprocessing, crop)
        empty = np.diff(prepared.offsets) == 0
        kept = ~empty if elsewhere is None else np.isin(known[piece.place], elsewhere)
        if (empty & kept).any():
            raise InputError(
                raw.raw.file,
                f"a crop to {crop} pixels that empties event "
                f"{origins.event[piece.place][empty][0]}",
                "a jet, as with the preprocessing that all models share",
                "set a larger models.NAME.preprocessing.crop, or centre the jets.",
            )
        jets += len(kept)
        if not kept.any():
            continue
        chosen = np.flatnonzero(kept)
        images = piece.images.select(chosen)
        store.append(prepared.select(chosen))
        places.append(piece.place[chosen])
        digests.append(images.digests())
        for name, values in piece.features.items():
            beside.append(f"features/{name}", values[chosen].astype(np.float32))
        if piece.leading is not None:
            beside.append("constituents", piece.leading[chosen])
        one_pixel += int(images.one_place().sum())
        brightest = max(brightest, float(images.values.max()))  # no pandas object
    if not places:
        raise InputError(
            raw.raw.file,
            f"{jets} jets that a crop to {crop} pixels leaves empty",
            "at least one that is not",
            "set a larger preprocessing.crop, or centre the jets.",
        )
    beside.close()
    place = np.concatenate(places)
    origins.write(target, place)
    target["left_out"] = np.delete(origins.event, place)
    if origins.jet is not None:
        target["left_out_jet"] = np.delete(origins.jet, place)
    target["digest"] = np.concatenate(digests)
    blank, emptied = len(raw) - jets, jets - len(place)
    target.attrs.update(
        key=raw.raw.key,
        raw_shape=raw.shape,
        row_shape=raw.raw.shape[1:],
        blank=blank,
        emptied=emptied,
        one_pixel=one_pixel,
        lit=int(target["features/lit_pixels"][:].sum(dtype=np.float64)),
        brightest_pixel=brightest,
        momentum_unit=raw.momentum_unit,
        length_unit=raw.length_unit,
    )
    if crop is not None:
        target.attrs["crop"] = crop
    log.info("%s: %d of %d events", raw.raw.file, origins.chosen, sum(origins.counts))
    log.info("images of shape %s, %d of them blank", raw.shape, blank)
    log.info("prepared with crop %s to shape %s, %d left empty", crop, store.shape, emptied)
    return place


def prepare_truth(
    truth: Mapping[str, Any],
    prepared_test: str | Path,
    output: str | Path,
    planned: Read | None = None,
) -> None:
    """Check truth labels against the test they belong to and store them, int8 (N,) `label`.

    Args:
        truth: `file`, and perhaps `key`, `column` and `anomalous`; a label for each row of the
            test's file. Several columns are one-hot labels: jets of any of them are anomalous.
        prepared_test: the test.
        output: HDF5 to write.
        planned: as of `prepare_normal`.

    Raises:
        InputError: another length than the test's file, values other than 0 and 1, a jet of two
            labels, or the file changed meanwhile.
    """
    file, columns = truth["file"], truth.get("column")
    contents = read(file, planned)
    with h5py.File(prepared_test, "r") as test:
        events, kept = int(test.attrs["raw_events"]), test["event"][:]
    if isinstance(columns, list):
        raws = [open_column(file, truth.get("key"), column) for column in columns]
        labels = read_one_hot(raws, events)[kept]
    else:
        raw = open_column(file, truth.get("key"), columns)
        labels = read_truth(raw, events, truth.get("anomalous"))[kept]
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        target["label"] = labels
        target.attrs.update(describe(asked(truth), {}, raw=checked(file, contents)))


def prepare_known_truth(label: int, prepared_test: str | Path, output: str | Path) -> None:
    """Store one truth label for all events of a test, as `prepare_truth` does."""
    with h5py.File(prepared_test, "r") as test:
        events = len(SparseFile(test))
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        target["label"] = np.full(events, label, np.int8)
        target.attrs.update(describe({"label": label}, {}))


def check_together(
    normal: str | Path,
    tests: Mapping[str, str],
    files: Sequence[Sequence[str]],
    validation: float,
    least_control: int,
    max_fpr: float,
) -> list[dict[str, Any]]:
    """Check that prepared samples fit together and list them.

    Args:
        normal: the prepared normal sample.
        tests: prepared tests by name.
        files: the raw files of each, the normal sample first.
        validation: share of the normal jets outside the control part that validates.
        least_control: control jets without which `max_fpr` cannot be proved.
        max_fpr: the false positive rate asked for, named in the error.

    Returns:
        A row per sample, of the raw images: `sample, file, events, channels, height, width,
        lit_fraction, blank, brightest_pixel`; rows left out as `emptied` by the crop; jets lit in
        `one_pixel`, `repeated` in the sample, or `shared` with another; how many rows were
        `chosen`, their `effective` number, and the share of it that unweighting costs,
        `statistics_lost`; `warnings` of what is strange, and `reasons` not to believe fractions.

    Raises:
        InputError: images of different shapes or units, or too few jets in a test or in a part of
            the normal sample.
    """
    paths = {"normal": normal, **tests}
    samples = [
        sample_checks.Sample(name, path, file)
        for (name, path), file in zip(paths.items(), files, strict=True)
    ]
    rows = [_list(sample, samples) for sample in samples]
    axes = ["channels", "height", "width"]
    for row in rows[1:]:
        if any(row[axis] != rows[0][axis] for axis in axes):
            raise InputError(
                row["file"],
                f"images of shape {tuple(row[axis] for axis in axes)} (channels, height, width)",
                f"{tuple(rows[0][axis] for axis in axes)} as in {rows[0]['file']}",
                "make the images of all samples in the same way.",
            )
        if row["events"] < LEAST_JETS:
            raise InputError(
                row["file"],
                f"{row['events']} jets in {row['sample']}",
                f"at least {LEAST_JETS}",
                "give more jets, or join tests.",
            )
    sample_checks.check_units(samples)
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
    return rows


def sources(
    samples: Mapping[str, str | Path], files: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """List the raw files of prepared samples.

    Args:
        samples: prepared samples by name.
        files: the raw files of each, in their order.

    Returns:
        A row per file: `sample, source` (its number there), `file`, `first_event` (of the sample
        whose row is its first), and how many `events` it has.
    """
    rows = []
    for (name, path), several in zip(samples.items(), files, strict=True):
        with h5py.File(path, "r") as source:
            counts = source.attrs["source_events"]
        first = np.cumsum(counts) - counts
        for number, file in enumerate(several):
            rows.append(
                {
                    "sample": name,
                    "source": number,
                    "file": file,
                    "first_event": int(first[number]),
                    "events": int(counts[number]),
                }
            )
    return rows


def _list(sample: sample_checks.Sample, samples: Sequence[sample_checks.Sample]) -> dict[str, Any]:
    with h5py.File(sample.path, "r") as source:
        events = len(SparseFile(source))
        channels, height, width = (int(n) for n in source.attrs["raw_shape"])
        return {
            "sample": sample.name,
            "file": sample.file,
            "events": events,
            "channels": channels,
            "height": height,
            "width": width,
            "lit_fraction": source.attrs["lit"] / (events * channels * height * width),
            "blank": source.attrs["blank"],
            "brightest_pixel": source.attrs["brightest_pixel"],
            "emptied": source.attrs["emptied"],
            "one_pixel": source.attrs["one_pixel"],
            "repeated": sample.repeated,
            "shared": sample.shared(samples),
            **{name: source.attrs[name] for name in ("chosen", "effective", "statistics_lost")},
            "warnings": "; ".join(sample_checks.warnings(sample, samples)),
            "reasons": "; ".join(sample_checks.reasons(sample, samples[0])),
        }
