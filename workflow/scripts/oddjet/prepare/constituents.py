"""Images of jets from their constituents."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from oddjet.common.errors import InputError
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.features import CHANNEL, constituent_features

ROUNDING = 0.01  # of |p|: numbers in half precision or cut to a few digits keep to it
SPOILT = 0.05  # share of the constituents that may have an energy below their momentum
LEAST_MOMENTUM = 0.5  # share of its energy that the momenta of an ordinary jet add up to


def jet_images(
    constituents: np.ndarray,
    size: int,
    half_width: float,
    channel: np.ndarray | None = None,
    channels: int = 1,
) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Images of jets from their constituents, which are taken as massless.

    Args:
        constituents: E, px, py, pz, padded with zeros, (n, k, 4); E is not used.
        size: pixels a side.
        half_width: of the window in eta (rows) and phi (columns) around the jet's axis, which is
            that of the sum of all constituents.
        channel: of each constituent, (n, k), below `channels`; None for one of all.
        channels: their number.

    Returns:
        Shares of the jet's pT, float32 (n, channels, size, size); the jets' features (n,), as
        `features.FEATURES` names them, of which `pt` is that of the sum, `mass` in GeV, `width` the
        mean distance from the axis, and `lit_pixels` and `minus_sum_of_squares` those of the image,
        and where there are several channels the share of each;
        the constituents' pT (n, k).
    """
    momentum = constituents[..., 1:]
    pt = np.hypot(momentum[..., 0], momentum[..., 1])
    safe = np.where(pt > 0, pt, 1)
    eta = np.arcsinh(momentum[..., 2] / safe)
    jet = momentum.sum(axis=1)
    jet_pt = np.hypot(jet[:, 0], jet[:, 1])
    whole = np.where(jet_pt > 0, jet_pt, 1)
    energy = _added(np.linalg.norm(momentum, axis=2))
    delta_eta = eta - np.arcsinh(jet[:, 2] / whole)[:, None]
    delta_phi = np.arctan2(momentum[..., 1], momentum[..., 0])
    delta_phi = wrap_phi(delta_phi - np.arctan2(jet[:, 1], jet[:, 0])[:, None])
    there = pt > 0
    of = np.zeros(pt.shape, int) if channel is None else channel
    plane = np.arange(len(jet))[:, None] * channels + of
    images = pixelate(
        *(plane[there], len(jet) * channels, delta_eta[there], delta_phi[there]),
        *((pt / whole[:, None])[there], size, half_width),
    ).reshape(len(jet), channels, size, size)
    total = _added(pt)
    distance = _added(pt * np.hypot(delta_eta, delta_phi))
    features = constituent_features(pt, delta_eta, delta_phi) | {
        "pt": jet_pt,
        "mass": np.sqrt(np.maximum(energy**2 - (jet**2).sum(axis=1), 0)),
        "width": distance / np.where(total > 0, total, 1),
        "lit_pixels": np.count_nonzero(images, axis=(1, 2, 3)).astype(np.float64),
        "minus_sum_of_squares": -np.square(images).sum(axis=(1, 2, 3)),
    }
    for number in range(channels) if channels > 1 else ():
        share = _added(pt * (of == number)) / np.where(total > 0, total, 1)
        features[CHANNEL.format(number)] = share
    return images.astype(np.float32), features, pt


def _added(values: np.ndarray) -> np.ndarray:
    """Sums (n,) over the last axis of (n, k), in its order: zeros behind the last do not count."""
    return np.cumsum(values, axis=1)[:, -1]


def pixelate(
    jet: np.ndarray,
    jets: int,
    delta_eta: np.ndarray,
    delta_phi: np.ndarray,
    weight: np.ndarray,
    size: int,
    half_width: float,
) -> np.ndarray:
    """Histograms of particles in a square window around the axes of their jets.

    Args:
        jet: to which each particle belongs, (m,), below `jets`.
        delta_eta, delta_phi: from the jet's axis, (m,), along the rows and the columns.
        weight: (m,).
        size: pixels a side.
        half_width: of the window.

    Returns:
        Sums of the weights (jets, size, size); what lies outside the window is left out.
    """
    row, column = (
        np.floor((x + half_width) * size / (2 * half_width)).astype(int)
        for x in (delta_eta.astype(np.float64), delta_phi.astype(np.float64))
    )
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    place = ((jet * size + row) * size + column)[inside]
    return np.bincount(place, weight[inside], jets * size**2).reshape(jets, size, size)


def wrap_phi(phi: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angles brought to [-pi, pi)."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def check_constituents(
    raw: RawArray, coordinates: Sequence[str], places: Sequence[int] | None = None
) -> None:
    """Refuse an array that does not hold constituents.

    Args:
        raw: the array.
        coordinates: names of those that its last axis has.
        places: of them there; None where it has no others.

    Raises:
        InputError: another shape than (events, constituents, coordinates).
    """
    there = raw.shape[2] if len(raw.shape) == 3 else 0
    fits = there == len(coordinates) if places is None else there > max(places)
    if not fits or 0 in raw.shape:
        count = len(coordinates) if places is None else f"more than {max(places)}"
        raise InputError(
            raw.file,
            f"array '{raw.key}' of shape {raw.shape}",
            f"(events, constituents, {count}), of {', '.join(coordinates)}",
            "say in images.coordinates what the last axis holds and where (pt: 0), reshape the "
            "array, name another one as `key`, or set images.layout.",
        )


def check_momenta(raw: RawArray, constituents: np.ndarray, coordinates: Sequence[str]) -> None:
    """Refuse constituents (n, k, 4) that are no four-vectors, whatever their unit.

    Momenta are no larger than energies, and little smaller for particles of a jet: columns in
    another order, such as pT, eta, phi, mass or px, py, pz, E, come out otherwise.

    Args:
        raw: the array that they are made of.
        constituents: E, px, py, pz.
        coordinates: as which it is read.

    Raises:
        InputError: energies below the momenta, or far above.
    """
    energy = constituents[..., 0]
    momentum = np.linalg.norm(constituents[..., 1:], axis=2)
    there = (energy != 0) | (momentum != 0)
    if not there.any():
        return
    below = np.mean(energy[there] < (1 - ROUNDING) * momentum[there])
    jet = there.any(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.median(momentum[jet].sum(axis=1) / energy[jet].sum(axis=1))
    if below <= SPOILT and share >= LEAST_MOMENTUM:
        return
    found = f"energies E below the momentum |p| for {below:.0%} of the constituents"
    if below <= SPOILT:
        found = f"momenta |p| that add up to {share:.0%} of the energies E in the median jet"
    raise InputError(
        raw.file,
        f"{found} in '{raw.key}'",
        f"{', '.join(coordinates)}, with E >= |p| and about as large",
        "name in images.coordinates what the last axis (of a table, images.columns) holds, in its "
        "order, such as [px, py, pz, E] or [pt, eta, phi, mass].",
    )
