"""What is strange about prepared samples: what is said of it, and what makes fractions doubtful."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from oddjet.common.errors import InputError
from oddjet.common.files import called

# shares of a sample
LEFT_OUT = 0.05  # more rows without a jet, and the fraction of the rest is not that of the sample
ONE_PIXEL = 0.01  # more one-pixel jets than among the normal ones, and they make up the anomalous
COPIES = 0.003  # more copies are said
SAME = 0.5  # more of the smaller of two files in the other one is said: one is made of the other
LOST = 0.5  # more of its statistics lost in unweighting is said

UNITS = 100  # a ratio of momenta that is none of physics: GeV and MeV, or shares and GeV
GAP = 30  # between two groups of jets of one sample
PT_RANGE = (1.0, 1e4)  # GeV, of the median jet
HEAVIEST = 1.5  # mass over pT of the median jet
AXIS = 0.2  # of the second harmonic of the jets' azimuth, 0 where none is preferred
FIRST = 10_000  # jets in which an axis is looked for
ENOUGH = 100  # jets, to see one


@dataclass(frozen=True)
class Sample:
    """A prepared sample.

    Attributes:
        name: `normal`, or that of the test.
        path: of the prepared sample.
        files: the raw files.
    """

    name: str
    path: str | Path
    files: Sequence[str]

    @property
    def file(self) -> str:
        """What its files are called together."""
        return called(self.files)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows without a jet (`blank`, `emptied`), jets lit in `one_pixel`, and all `events`."""
        with h5py.File(self.path) as source:
            found = {name: int(source.attrs[name]) for name in ("blank", "emptied", "one_pixel")}
            return found | {"events": len(source["event"])}

    @cached_property
    def digests(self) -> np.ndarray:
        with h5py.File(self.path) as source:
            return source["digest"][:]

    @cached_property
    def pt(self) -> np.ndarray:
        with h5py.File(self.path) as source:
            return source["features/pt"][:]

    @property
    def left_out(self) -> float:
        """The share of the rows that hold no jet."""
        empty = self.counts["blank"] + self.counts["emptied"]
        return empty / (empty + self.counts["events"])

    @property
    def one_pixel(self) -> float:
        """The share of the jets that are lit in one place alone."""
        return self.counts["one_pixel"] / self.counts["events"]

    @property
    def repeated(self) -> int:
        """Jets whose content an earlier jet of the sample has."""
        return len(self.digests) - len(np.unique(self.digests))

    @cached_property
    def sources(self) -> np.ndarray:
        """The number of the file that each jet is from."""
        with h5py.File(self.path) as source:
            return source["source"][:]

    def shared(self, others: Sequence["Sample"]) -> int:
        """Jets whose content a jet of another sample has."""
        elsewhere = [other.digests for other in others if other is not self]
        return int(np.isin(self.digests, np.concatenate(elsewhere)).sum()) if elsewhere else 0


@dataclass(frozen=True)
class Twins:
    """Two files that have jets in common, and how many; the jets of the smaller one."""

    jets: int
    files: tuple[str, str]
    smaller: int

    def __str__(self) -> str:
        return f"{self.jets} in {self.files[0]} and {self.files[1]}"


def twins(one: Sample, other: Sample) -> Twins | None:
    """The files of two samples, or of one, that have most jets in common; None where none have."""
    first = len(one.files)
    digests, sources = one.digests, one.sources
    if other is not one:
        digests = np.concatenate([digests, other.digests])
        sources = np.concatenate([sources, other.sources + first])
    order = np.lexsort((sources, digests))
    same = digests[order][1:] == digests[order][:-1]
    pairs = np.stack([sources[order][:-1], sources[order][1:]], axis=1)[same]
    apart = pairs[:, 0] != pairs[:, 1]
    if other is not one:
        apart = (pairs[:, 0] < first) & (pairs[:, 1] >= first)
    found, counts = np.unique(pairs[apart], axis=0, return_counts=True)
    if not len(counts):
        return None
    most = found[counts.argmax()]
    sizes = np.bincount(sources)
    files = [*one.files, *other.files]
    return Twins(
        int(counts.max()),
        (files[most[0]], files[most[1]]),
        int(min(sizes[place] for place in most)),
    )


def check_units(samples: Sequence[Sample]) -> None:
    """Refuse samples whose momenta are in different units than those of the first.

    Raises:
        InputError: their medians differ by a factor of `UNITS`.
    """
    first, *rest = samples
    for sample in rest:
        median, wanted = (float(np.median(one.pt)) for one in (sample, first))
        ratio = median / wanted
        if not 1 / UNITS < ratio < UNITS:
            raise InputError(
                sample.file,
                f"jets of a median pT of {median:.4g}",
                f"about {wanted:.4g} as in {first.file}, which {ratio:.3g} times is not",
                "bring all samples to the same unit, such as GeV, and scale all images alike.",
            )


def reasons(sample: Sample, normal: Sample) -> Iterator[str]:
    """Say why fractions of a sample cannot be believed, or of any test if it is the normal one."""
    if sample.left_out > LEFT_OUT:
        yield f"{sample.left_out:.1%} of the rows of {sample.name} hold no jet"
    if sample.one_pixel - normal.one_pixel > ONE_PIXEL:
        yield (
            f"{sample.one_pixel:.1%} of the jets of {sample.name} are one lit pixel, of normal "
            f"{normal.one_pixel:.1%}"
        )
    learnt = sample.shared([normal]) - sample.counts["one_pixel"]  # which are alike by chance
    if learnt > COPIES * sample.counts["events"]:
        yield f"{learnt} jets of {sample.name} are normal jets too, which train and set the cut"


def warnings(sample: Sample, samples: Sequence[Sample]) -> Iterator[str]:
    """Say what is strange about one of the samples."""
    counts = sample.counts
    if counts["blank"]:
        yield f"{counts['blank']} rows are blank and left out"
    yield from _of_events(sample)
    if counts["emptied"]:
        yield f"{counts['emptied']} jets that the crop empties are left out"
    if sample.one_pixel - samples[0].one_pixel > ONE_PIXEL:
        yield f"{sample.one_pixel:.1%} of the jets are one lit pixel: noise?"
    yield from _of_copies(sample, samples)
    pt = np.sort(sample.pt[sample.pt > 0])
    few = len(pt) // 100
    inner = pt[few : len(pt) - few]
    if len(inner) > 1 and (inner[1:] / inner[:-1]).max() > GAP:
        yield f"its jets' pT have a gap of more than a factor of {GAP}: are units mixed?"
    with h5py.File(sample.path) as source:
        _, height, width = source.attrs["raw_shape"]
        if height != width:
            yield f"images of {height} x {width} pixels, not square: does images.layout fit?"
        if "constituents" in source:
            yield from _of_vectors(source)


def _of_copies(sample: Sample, samples: Sequence[Sample]) -> Iterator[str]:
    few = COPIES * sample.counts["events"]
    pair = twins(sample, sample) if sample.repeated else None
    if sample.repeated > few or (pair and pair.jets > SAME * pair.smaller):
        where = "" if pair is None else f" ({pair})"
        yield f"{sample.repeated} jets are copies of others in it{where}: drop duplicates"
    shared = sample.shared(samples)
    if not shared:
        return
    pairs = [twins(sample, other) for other in samples if other is not sample]
    pair = max((one for one in pairs if one), key=lambda one: one.jets)
    if shared > few or pair.jets > SAME * pair.smaller:
        yield f"{shared} jets are in another sample too ({pair}): each belongs to one"


def _of_events(sample: Sample) -> Iterator[str]:
    with h5py.File(sample.path) as source:
        effective, lost = source.attrs["effective"], source.attrs["statistics_lost"]
        missing = source.attrs["missing_jets"]
    if missing:
        yield f"{missing} jets are missing: so many of `cluster.jets` do its events not have"
    if lost > LOST:
        yield (
            f"unweighting costs {lost:.0%} of the statistics of {effective:.0f} effective jets: "
            "leave out the few of the largest weights with `where`, or make jets of more even ones"
        )


def _of_vectors(source: h5py.File) -> Iterator[str]:
    pt, unit = source["features/pt"][:], source.attrs["momentum_unit"]
    median, mass = float(np.median(pt)), float(np.median(source["features/mass"][:]))
    if unit == "GeV" and not PT_RANGE[0] < median < PT_RANGE[1]:
        yield f"the median jet has a pT of {median:.3g} GeV: is it in another unit?"
    if mass > HEAVIEST * median:
        yield (
            f"the median jet has a mass of {mass:.3g} {unit} and a pT of {median:.3g} {unit}: are "
            "these constituents of single jets, in the order of images.coordinates?"
        )
    jets = source["constituents"][:FIRST, :, 1:3].sum(axis=1)
    phi = np.arctan2(jets[:, 1], jets[:, 0])
    one, two = (abs(np.exp(1j * harmonic * phi).mean()) for harmonic in (1, 2))
    # jets that were all turned to one direction are a choice; an axis is not
    if len(phi) >= ENOUGH and two > AXIS and one < two / 2:
        yield "its jets prefer an axis in azimuth: is the order that of images.coordinates?"
