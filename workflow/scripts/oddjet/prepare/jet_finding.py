"""Jets of events: where files hold the particles of whole events, they are clustered here.

FastJet (Cacciari, Salam, Soyez, arXiv:1111.6097) does it. It is an optional extra under the GPL,
and imported where jets are found and nowhere else: what is read afterwards is a file of
constituents.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from oddjet.common import hdf5_files
from oddjet.common.errors import InputError
from oddjet.common.files import replacing
from oddjet.common.provenance import describe
from oddjet.prepare.origins import Origins
from oddjet.prepare.particles import FOUND_COORDINATES, FOUND_KEY, Coordinates
from oddjet.prepare.raw import Read, chosen_rows
from oddjet.prepare.sample_files import asked, files_of, read
from oddjet.prepare.weights import open_weights, unweight

log = logging.getLogger(__name__)

MOST = 5000  # particles of an event
CHUNK = 64  # jets in a chunk of the file
ALGORITHMS = {
    "anti-kt": "antikt_algorithm",
    "cambridge-aachen": "cambridge_algorithm",
    "kt": "kt_algorithm",
}


class Found(NamedTuple):
    """Jets of some events: which event (m,), which jet of it (m,), constituents (m, k, 4)."""

    event: np.ndarray
    jet: np.ndarray
    constituents: np.ndarray


def find_jets(
    sample: Mapping[str, Any],
    images: Mapping[str, Any],
    output: str | Path,
    planned: Read | None = None,
) -> None:
    """Cluster the events of a sample and keep some jets of each.

    Writes HDF5, in the order of the events and of their jets by pT: `constituents` (M, k, 4)
    float32, E, px, py, pz in GeV, hardest first, zeros behind the last; `event` (M,) int64, the row
    in the raw files, `source` (M,) int32, the file that it is from, and `jet` (M,) int8, which jet
    of the event it is, from 1 on; and what `Origins` has as attributes.

    Args:
        sample: `file`, `cluster`, and perhaps `key`, `where`, `rows`, `weight`, all of events.
        images: the configuration's `images`, whose coordinates are those of the particles, and of
            which `constituents` limits the constituents of a jet.
        output: HDF5 to write.
        planned: what each of the raw files should hold, those of weights last.

    Raises:
        InputError: FastJet is missing, the files cannot be used, or no event has such a jet.
    """
    files = files_of(sample)
    fastjet = _fastjet(files[0])
    contents = read(files, planned)
    cluster, most = sample["cluster"], images["constituents"]
    numbers = sorted(cluster["jets"])
    # of events all particles are used: the limit is that of a jet
    coordinates = Coordinates(sample, dict(images) | {"constituents": MOST})
    raw = coordinates.raw
    chosen = chosen_rows(raw, sample.get("where"), sample.get("rows"))
    left = unweight(raw, chosen, open_weights(raw, sample.get("weight")))
    events, jets = [], []
    with replacing(output) as partial, hdf5_files.create(partial) as target:
        shape = (most, len(FOUND_COORDINATES))
        stored = target.create_dataset(
            FOUND_KEY,
            (0, *shape),
            np.float32,
            maxshape=(None, *shape),
            chunks=(CHUNK, *shape),
            compression="gzip",
            shuffle=True,
        )
        done = 0
        for values in raw.pieces():
            rows = left.rows[slice(*np.searchsorted(left.rows, [done, done + len(values)]))]
            found = _jets_of(fastjet, raw, coordinates, rows, values[rows - done], cluster, most)
            stored.resize(len(stored) + len(found.event), axis=0)
            stored[len(stored) - len(found.event) :] = found.constituents
            events.append(found.event)
            jets.append(found.jet)
            done += len(values)
            if done > left.rows[-1]:  # what follows is not asked for
                break
        event, jet = np.concatenate(events), np.concatenate(jets)
        missing = len(numbers) * len(left.rows) - len(event)
        which = f"jet {', '.join(map(str, numbers))} of at least {cluster['min_pt']:g} GeV"
        if not len(event):
            raise InputError(
                raw.file,
                f"none of {len(left.rows)} events with a {which}",
                "at least one",
                "check images.coordinates and images.unit, and `cluster` of this sample.",
            )
        log.info("%d jets in %d events, %s; %d missing", len(event), len(left.rows), which, missing)
        origins = Origins(event, jet, raw.counts, left.chosen, left.effective, left.lost, missing)
        origins.write(target, np.arange(len(event)))
        read_again = json.dumps(read(files, contents))
        target.attrs.update(describe({"sample": asked(sample)}, {}, raw=read_again))


def _fastjet(file: str | Path) -> ModuleType:
    try:
        import fastjet
    except ImportError as error:
        raise InputError(
            file,
            "events, which are to be clustered, and no FastJet",
            "the Python package fastjet, which is an optional extra",
            "pip install -r requirements-clustering.txt",
        ) from error
    return fastjet


def _jets_of(
    fastjet: ModuleType,
    raw: Any,
    coordinates: Coordinates,
    rows: np.ndarray,
    values: np.ndarray,
    cluster: Mapping[str, Any],
    most: int,
) -> Found:
    """The jets of some events that are asked for."""
    vectors = coordinates.four_vectors(rows, values)
    there = np.asarray((vectors != 0).any(axis=2))
    if there.shape[1] == MOST and there[:, -1].any():
        raise InputError(
            raw.file,
            f"events of {MOST} particles or more in '{raw.key}'",
            "fewer",
            "leave out what does not belong to the collision.",
        )
    counts = there.sum(axis=1)
    some = np.flatnonzero(counts)
    if not len(some):
        return Found(np.empty(0, np.int64), np.empty(0, np.int8), np.empty((0, most, 4)))
    found = _clustered(fastjet, vectors[there], counts[some], cluster)
    first = np.cumsum(counts[some]) - counts[some]
    event, jet, constituents = [], [], []
    for number in cluster["jets"]:
        of, particles = found(number)
        event.append(rows[some[of]])
        jet.append(np.full(len(of), number, np.int8))
        constituents.append(_padded(vectors[there], first[of], particles, most))
    all_of = Found(*(np.concatenate(parts) for parts in (event, jet, constituents)))
    order = np.lexsort((all_of.jet, all_of.event))
    return Found(*(values[order] for values in all_of))


def _clustered(
    fastjet: ModuleType, vectors: np.ndarray, counts: np.ndarray, cluster: Mapping[str, Any]
) -> Any:
    """Cluster events whose particles (m, 4) lie behind each other, `counts` of each.

    Returns:
        A function of the number of a jet, by pT and from 1 on: of the events that have it their
        places, and by event the places of its constituents among the event's particles.
    """
    import awkward

    columns = dict(zip(FOUND_COORDINATES, np.moveaxis(vectors, -1, 0), strict=True))
    events = awkward.unflatten(awkward.zip(columns, with_name="Momentum4D"), counts)
    definition = fastjet.JetDefinition(
        getattr(fastjet, ALGORITHMS[cluster["algorithm"]]), cluster["radius"]
    )
    sequence = fastjet.ClusterSequence(events, definition)
    jets = sequence.inclusive_jets(min_pt=cluster["min_pt"])
    places = sequence.constituent_index(min_pt=cluster["min_pt"])
    order = awkward.argsort(jets.px**2 + jets.py**2, axis=1, ascending=False, stable=True)
    places = places[order]
    there = awkward.to_numpy(awkward.num(places, axis=1))

    def of(number: int) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        having = np.flatnonzero(there >= number)
        return having, [np.asarray(one) for one in places[having][:, number - 1]]

    return of


def _padded(
    vectors: np.ndarray, first: np.ndarray, particles: Sequence[np.ndarray], most: int
) -> np.ndarray:
    """Four-vectors (n, most, 4) of jets, hardest first, zeros behind the last.

    Args:
        vectors: of all particles, (m, 4).
        first: where those of the jet's event begin, (n,).
        particles: places of the jet's constituents behind that.
        most: the others are left out.
    """
    made = np.zeros((len(first), most, vectors.shape[1]))
    for jet, start, places in zip(made, first, particles, strict=True):
        own = vectors[start + np.sort(places)]
        order = np.argsort(-np.hypot(own[:, 1], own[:, 2]), kind="stable")[:most]
        jet[: len(order)] = own[order]
    return made
