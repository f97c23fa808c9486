"""Simulated samples in the layouts of public data sets, all HDF5.

Top tagging (arXiv:1902.09914): a pandas table of constituents. LHC Olympics (arXiv:2101.08320): one
of the particles of events. Quark against gluon: calorimeter images. Zero bias: event images. Same
arrays, same bytes. Units: GeV, radians.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oddjet.common import hdf5_files
from oddjet.common.files import replacing
from oddjet.prepare.constituents import wrap_phi
from oddjet.simulate.simulation import Jets

COMPRESSION = 9  # of zlib, which every HDF5 library reads

MAX_CONSTITUENTS = 200
TRAIN, TEST, VALIDATION = 0, 1, 2  # in the column `ttv`
SPLIT = (TRAIN, TRAIN, TRAIN, TEST, VALIDATION)  # 60:20:20, as in the reference data set

# as in the barrel of CMS, where 5 x 5 crystals of the electromagnetic calorimeter lie before one
# tower of the hadronic one
CRYSTAL = 0.0174  # in eta and in phi
TOWER = 5  # crystals a side
CALORIMETER_TOWERS = 25
CALORIMETER_PIXELS = TOWER * CALORIMETER_TOWERS
ELECTRON, MUON, PHOTON = 11, 13, 22  # PDG codes


def four_momenta(jets: Jets, count: int = MAX_CONSTITUENTS) -> NDArray[np.float32]:
    """E, px, py, pz of the `count` hardest constituents, zero-padded: float32, (N, count, 4)."""
    pt, eta, phi, mass = (
        jets.constituents[name].astype(np.float64) for name in ("pt", "eta", "phi", "mass")
    )
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    flat = np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1)
    momenta = np.zeros((len(jets), count, 4), np.float32)
    lengths = np.diff(jets.offsets)
    jet = np.repeat(np.arange(len(jets)), lengths)
    place = np.arange(len(flat)) - np.repeat(jets.offsets[:-1], lengths)
    kept = place < count
    momenta[jet[kept], place[kept]] = flat[kept]
    return momenta


def write_constituents(path: str | Path, jets: Jets, labels: NDArray[np.int8]) -> None:
    """Write jets as the top-tagging reference data set: a pandas table `table`.

    Columns `E_0`, `PX_0`, `PY_0`, `PZ_0` to `PZ_199` (float32), `is_signal_new` and `ttv` (int64).
    """
    columns = [f"{name}_{i}" for i in range(MAX_CONSTITUENTS) for name in ("E", "PX", "PY", "PZ")]
    table = pd.DataFrame(four_momenta(jets).reshape(len(jets), -1), columns=columns)
    # in random order already: the n-th jet of each label is put in its part by n
    parts = np.empty(len(labels), np.int64)
    for label in (0, 1):
        parts[labels == label] = np.resize(SPLIT, np.count_nonzero(labels == label))
    labelled = pd.DataFrame({"is_signal_new": labels.astype(np.int64), "ttv": parts})
    with (
        replacing(path) as partial,
        pd.HDFStore(partial, "w", complevel=COMPRESSION, complib="zlib") as store,
    ):
        store.put(
            "table",
            pd.concat([table, labelled], axis="columns"),
            format="table",
            index=False,
            track_times=False,
        )


def calorimeter_image(jets: Jets, jet: int) -> NDArray[np.float32]:
    """One of the jets in a calorimeter and a tracker: pT in GeV, float32 of shape (125, 125, 3).

    Axis 1 is eta, axis 2 is phi, in crystals around the jet axis. Channels: electromagnetic
    calorimeter (electrons and photons), hadronic calorimeter (hadrons; a tower's pT is shared out
    evenly among its crystals), tracks (all that is charged). Each particle stays whole and goes
    straight from the collision to its pixel: no magnetic field, no showers, no noise.
    """
    part = slice(jets.offsets[jet], jets.offsets[jet + 1])
    pt, eta, phi, charge, pdg_id = (
        jets.constituents[name][part] for name in ("pt", "eta", "phi", "charge", "pdg_id")
    )
    eta = eta - jets.truth["eta"][jet]
    phi = wrap_phi(phi - jets.truth["phi"][jet])
    electromagnetic = np.isin(np.abs(pdg_id), (ELECTRON, PHOTON))
    hadronic = ~electromagnetic & (np.abs(pdg_id) != MUON)
    half_width = CALORIMETER_PIXELS * CRYSTAL / 2

    def deposited(seen: NDArray[np.bool_], pixels: int) -> NDArray[np.float64]:
        image, _, _ = np.histogram2d(
            eta[seen],
            phi[seen],
            bins=pixels,
            range=[(-half_width, half_width)] * 2,
            weights=pt[seen],
        )
        return image

    towers = deposited(hadronic, CALORIMETER_TOWERS)
    channels = (
        deposited(electromagnetic, CALORIMETER_PIXELS),
        np.kron(towers, np.full((TOWER, TOWER), 1 / TOWER**2)),
        deposited(charge != 0, CALORIMETER_PIXELS),
    )
    return np.stack(channels, axis=-1).astype(np.float32)


def write_calorimeter(path: str | Path, jets: Jets, labels: NDArray[np.int8]) -> None:
    """Write jets as calorimeter images `X_jets`, a chunk for each, with `y`, `pt` and `m0`."""
    shape = (CALORIMETER_PIXELS, CALORIMETER_PIXELS, 3)
    with replacing(path) as partial, hdf5_files.create(partial) as file:
        images = file.create_dataset(
            "X_jets",
            (len(jets), *shape),
            np.float32,
            chunks=(1, *shape),
            compression=COMPRESSION,
            shuffle=True,
        )
        for jet in range(len(jets)):
            images[jet] = calorimeter_image(jets, jet)
        file["y"] = labels
        file["pt"], file["m0"] = jets.truth["pt"], jets.truth["mass"]


def write_events(path: str | Path, images: NDArray[np.float32]) -> None:
    """Write event images (N, H, W, C) as the dataset `event_image_data`."""
    with replacing(path) as partial, hdf5_files.create(partial) as file:
        file.create_dataset(
            "event_image_data",
            data=images,
            chunks=(min(len(images), 100), *images.shape[1:]),
            compression=COMPRESSION,
            shuffle=True,
        )


def write_particles(
    path: str | Path, particles: NDArray[np.float64], labels: NDArray[np.int8]
) -> None:
    """Write events as the R&D data set of the LHC Olympics: a pandas table of numbered columns.

    Column 3 i + j is coordinate j of particle i, and the last one is the label.

    Args:
        path: HDF5 to write.
        particles: pT, eta, phi, (N, k, 3).
        labels: 0 background, 1 signal, (N,).
    """
    columns = [particles.reshape(len(particles), -1), labels[:, None].astype(np.float64)]
    with (
        replacing(path) as partial,
        pd.HDFStore(partial, "w", complevel=COMPRESSION, complib="zlib") as store,
    ):
        store.put("df", pd.DataFrame(np.hstack(columns)), track_times=False)


# how jets of two processes are written, labelled
JET_LAYOUTS: dict[str, Callable[[str | Path, Jets, NDArray[np.int8]], None]] = {
    "constituents": write_constituents,
    "calorimeter": write_calorimeter,
}
