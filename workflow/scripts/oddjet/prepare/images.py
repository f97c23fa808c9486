"""From raw arrays to checked images: of channels, or of the constituents of jets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np

from oddjet.common.errors import InputError
from oddjet.planning.coordinates import CONSTITUENTS
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.constituents import jet_images
from oddjet.prepare.features import image_features
from oddjet.prepare.origins import Origins
from oddjet.prepare.particles import Coordinates, of_found_jets, unusable
from oddjet.prepare.raw import chosen_rows, open_array
from oddjet.prepare.sparse import SparseImages, events_at_once
from oddjet.prepare.weights import open_weights, unweight

LEADING = 20  # constituents of a jet that are kept beside its image


@dataclass(frozen=True)
class Piece:
    """Some jets of a sample, none of them blank.

    Attributes:
        place: among the rows that are asked for, ascending, (n,).
        images: (n, C, H, W) float32.
        known: features that are known; None where they are still to be computed of the images.
        leading: of layout `constituents`, E, px, py, pz of the hardest, (n, k, 4), in the sample's
            `momentum_unit`; else None.
    """

    place: np.ndarray
    images: SparseImages
    known: Mapping[str, np.ndarray] | None
    leading: np.ndarray | None

    @cached_property
    def features(self) -> Mapping[str, np.ndarray]:
        """Of the raw jets, (n,), as `features.FEATURES` names them."""
        # when they are asked for: what measures the crop needs none
        return image_features(self.images) if self.known is None else self.known


class Images:
    """The images of a sample, read piece by piece.

    Attributes:
        raw: the array that they are made of.
        rows: which of its rows, ascending, (N,): those that are chosen, unweighted.
        origins: where they are from.
        shape: (C, H, W) of an image.
        leading: constituents of a jet that are kept beside its image; none of images.
        momentum_unit, length_unit: of pT, mass and width.

    Args:
        sample: `file`, one or several, and perhaps `key`, `where`, `rows`, `weight`, as the
            configuration has them; with `cluster` the `file` of `jet_finding.find_jets`.
        settings: the configuration's `images`.
        some: whether there has to be a row that is asked for.

    Raises:
        InputError: the file or its weights cannot be used, it has no such rows, or an array of
            another shape.
    """

    def __init__(
        self, sample: Mapping[str, Any], settings: Mapping[str, Any], some: bool = True
    ) -> None:
        found = "cluster" in sample
        if found:
            sample, settings = of_found_jets(sample, settings)
        self.settings = settings
        self.of_constituents = settings["layout"] == CONSTITUENTS
        if self.of_constituents:
            self.coordinates = Coordinates(sample, settings)
            self.raw = self.coordinates.raw
            count = len(self.coordinates.codes)
            self.shape = (count + 1 if count else 1, settings["size"], settings["size"])
            self.momentum_unit, self.length_unit = self.coordinates.momentum_unit, "rad"
            self.leading = min(LEADING, self.raw.shape[1], settings["constituents"])
        else:
            self.raw = open_array(sample["file"], sample.get("key"), settings["columns"])
            self.channels = _Channels(self.raw, settings)
            self.shape = self.channels.shape
            self.momentum_unit, self.length_unit = "pixel units", "pixels"
            self.leading = 0
        chosen = chosen_rows(self.raw, sample.get("where"), sample.get("rows"), some)
        left = unweight(self.raw, chosen, open_weights(self.raw, sample.get("weight")))
        self.rows = left.rows
        self.origins = Origins.read(self.raw.file) if found else Origins.of_rows(self.raw, left)

    def __len__(self) -> int:
        return len(self.rows)

    def pieces(self, part: slice | None = None) -> Iterator[Piece]:
        """Yield the jets in order; rows whose pixels are all equal are blank, and left out.

        Args:
            part: some of the rows, of which none need hold a jet; all of them unless told.

        Raises:
            InputError: numbers that are NaN or infinite, pixels that are negative, four-vectors
                that are none, or blank rows alone.
        """
        done, jets = 0 if part is None else part.start, 0
        for rows, values in self._chosen(self.rows if part is None else self.rows[part]):
            if self.of_constituents:
                images, of_vectors, leading = self._of_constituents(rows, values)
            else:
                images = SparseImages.from_dense(self.channels.images(rows, values))
                of_vectors, leading = None, None
            jet = np.flatnonzero(~images.constant())
            if len(jet):
                images = images.select(jet)
                yield Piece(
                    done + jet,
                    images,
                    of_vectors and {name: values[jet] for name, values in of_vectors.items()},
                    None if leading is None else leading[jet],
                )
            done, jets = done + len(rows), jets + len(jet)
        if part is None and not jets:
            raise InputError(
                self.raw.file,
                f"no jet among {done} rows of array '{self.raw.key}': in row {rows[0]} every pixel "
                f"is equal to {values.flat[0]}",
                "images that differ",
                "check that this is the array of images, and `where` and `rows`.",
            )

    def raw_pieces(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield rows of the files and what lies there, (n, ...), blank ones among them.

        Raises:
            InputError: as of `pieces`, but for blank rows alone.
        """
        for rows, values in self._chosen(self.rows):
            if self.of_constituents:
                self.coordinates.four_vectors(rows, values)
            else:
                self.channels.images(rows, values)
            yield rows, values

    def _chosen(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield some rows and what is in them, as many at a time as may be dense together."""
        if not len(rows):
            return
        step = events_at_once(self.shape)
        done, given, waiting = int(rows[0]), 0, []
        behind = int(rows[-1]) + 1  # the last that is asked for: what follows is not read
        # so many that those of one file need not be copied together
        for piece in self.raw.pieces(done, min(step, behind - done)):
            here = rows[slice(*np.searchsorted(rows, [done, done + len(piece)]))]
            waiting.append(piece if len(here) == len(piece) else piece[here - done])
            done += len(piece)
            there = sum(map(len, waiting))
            if there >= step or (there and done >= behind):
                values = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
                whole = there if done >= behind else there - there % step
                for start in range(0, whole, step):
                    chosen = values[start : min(start + step, whole)]
                    yield rows[given : given + len(chosen)], chosen
                    given += len(chosen)
                waiting = [values[whole:]] if whole < there else []
            if done >= behind:
                return

    def _of_constituents(
        self, rows: np.ndarray, values: np.ndarray
    ) -> tuple[SparseImages, dict[str, np.ndarray], np.ndarray]:
        """Images, features and leading constituents of the rows' values, checked."""
        vectors = self.coordinates.four_vectors(rows, values)
        settings = self.settings
        image, features, pt = jet_images(
            vectors,
            settings["size"],
            settings["half_width"],
            self.coordinates.channels(values),
            self.shape[0],
        )
        order = np.argsort(-pt, axis=1, kind="stable")[:, :LEADING]
        leading = np.take_along_axis(vectors, order[..., None], axis=1).astype(np.float32)
        return SparseImages.from_dense(image), features, leading


class _Channels:
    """Which channels of a raw array become those of images, and in which order."""

    def __init__(self, raw: RawArray, settings: Mapping[str, Any]) -> None:
        self.raw, self.one_hot = raw, settings["one_hot"] or {}
        self.first = settings["layout"] == "channels_first"
        if len(raw.shape) not in (3, 4) or 0 in raw.shape:
            axes = "channels, height, width" if self.first else "height, width, channels"
            raise InputError(
                raw.file,
                f"array '{raw.key}' of shape {raw.shape}",
                f"(events, height, width) or (events, {axes})",
                "reshape the array, name another one as `key`, or set images.layout.",
            )
        sides = list(raw.shape[1:])
        there = 1
        if len(sides) == 3:
            self._check_layout(sides)
            there = sides.pop(0 if self.first else -1)
        self.wanted = list(range(there)) if settings["channels"] is None else settings["channels"]
        asked = [*self.wanted, *([self.one_hot["channel"]] if self.one_hot else [])]
        if max(asked) >= there:
            raise InputError(
                raw.file,
                f"array '{raw.key}' of shape {raw.shape}, {there} channels",
                f"a channel {max(asked)} (the first is 0)",
                "check images.channels, images.one_hot and images.layout.",
            )
        codes = len(self.one_hot.get("codes", [])) - 1
        count = len(self.wanted) + (codes if self.one_hot.get("channel") in self.wanted else 0)
        self.shape = (count, sides[0], sides[1])

    def _check_layout(self, axes: list[int]) -> None:
        """Refuse images that are square in the other layout alone."""
        other = "channels_last" if self.first else "channels_first"
        here, there = (axes[1:], axes[:-1]) if self.first else (axes[:-1], axes[1:])
        if here[0] != here[1] and there[0] == there[1]:
            raise InputError(
                self.raw.file,
                f"array '{self.raw.key}' of shape {self.raw.shape}, images of {here[0]} x "
                f"{here[1]} pixels where {other} would have {there[0]} x {there[1]}",
                "square images",
                f"set images.layout: {other}; images that are not square can be padded to squares.",
            )

    def images(self, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Images (n, C, H, W) of the rows' values, float32, checked."""
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: told below
            images = self._by_channel(values.astype(np.float32, copy=False))
        used = images if self.wanted == list(range(images.shape[1])) else images[:, self.wanted]
        # NaN is no more than zero, and greater than nothing
        if not (used.min() >= 0 and np.isfinite(used.max())):
            self._refuse(rows, values, images)
        if not self.one_hot:
            return used
        found = []
        for channel in self.wanted:
            plane = images[:, channel]
            found += self._decoded(plane) if channel == self.one_hot["channel"] else [plane]
        return np.stack(found, axis=1)

    def _refuse(self, rows: np.ndarray, values: np.ndarray, images: np.ndarray) -> NoReturn:
        """Name a pixel by where it stands in the file, in the channels that are used."""
        wrong = np.zeros(values.shape, bool)
        planes = self._by_channel(wrong)
        planes[:, self.wanted] = ~(np.isfinite(images) & (images >= 0))[:, self.wanted]
        hint = (
            "pixels are energies or transverse momenta: mend the image making, mask them, or "
            "leave a channel of anything else out of images.channels."
        )
        raise unusable(self.raw, rows, values, wrong, "pixel", "finite pixels >= 0", hint)

    def _by_channel(self, values: np.ndarray) -> np.ndarray:
        """A view (n, C, H, W) of values as they lie in the file."""
        if values.ndim == 3:
            return values[:, None]
        return values if self.first else np.moveaxis(values, -1, 1)

    def _decoded(self, plane: np.ndarray) -> list[np.ndarray]:
        codes = self.one_hot["codes"]
        strange = np.setdiff1d(plane, np.array([0, *codes], plane.dtype))
        if strange.size:
            raise InputError(
                self.raw.file,
                f"the code {strange[0]:g} in channel {self.one_hot['channel']} of '{self.raw.key}'",
                f"0 (nothing) or one of {', '.join(map(str, codes))}",
                "list all codes in images.one_hot.codes.",
            )
        return [(plane == code).astype(np.float32) for code in codes]
