"""Jet quantities from the raw image, which the preprocessing takes away."""

import numpy as np

from oddjet.prepare.preprocessing import centred, lit_pixels
from oddjet.prepare.sparse import SparseImages


def jet_quantities(images: SparseImages) -> dict[str, np.ndarray]:
    """Quantities (N,) of raw images, each lit pixel taken as a massless particle.

    Lengths are in pixels, momenta in the unit of the pixels; all channels count.

    Returns:
        `pt`, the transverse momentum, which is the sum of the pixels; `lit_pixels`, their number;
        `mass`, the invariant mass for small angles, m^2 = sum over pairs of p_i p_j r_ij^2;
        `width`, the mean distance from the centroid, weighted by p (the jet girth);
        `minus_sum_of_squares`, of the pixels.
    """
    jets = centred(lit_pixels(images))
    total = jets.sum()
    distance = np.hypot(jets.y, jets.x)
    return {
        "pt": total,
        "lit_pixels": np.diff(images.offsets).astype(np.float64),
        # about the centroid the sum over pairs is that over particles, times the total
        "mass": np.sqrt(total * jets.sum(distance**2)),
        "width": jets.mean(distance),
        "minus_sum_of_squares": -jets.sum(jets.value),
    }
