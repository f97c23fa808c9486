"""Substructure features of all jets together, and by a loop over jets."""

import time
from typing import Any

import numpy as np
from datapath import demo_images

from oddjet.prepare.features import (
    AXES,
    AXES_BETAS,
    BETAS,
    FEATURES,
    FEW,
    FOURS,
    LEADING,
    MOST,
    PAIRS,
    SOME,
    TRIPLES,
    image_features,
)
from oddjet.prepare.sparse import SparseImages

TINY = 1e-9  # below it a feature is nothing but rounding


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else 0.0


def of_one_jet(image: np.ndarray) -> list[float]:
    """`FEATURES` of an image (H, W) with at least two lit pixels, in double precision."""
    unit = max(image.shape) / 2
    row, column = np.nonzero(image)
    value = image[row, column].astype(np.float64)
    order = np.argsort(-value, kind="stable")
    value, y, x = value[order], row[order] / unit, column[order] / unit
    pt = value.sum()
    z = value / pt
    y, x = y - z @ y, x - z @ x
    r = np.hypot(y, x)
    minor, major = np.linalg.eigvalsh(np.cov(y, x, ddof=0, aweights=z))
    found = {"lit_pixels": len(z), "pt": pt, "mass": pt * unit * np.sqrt(z @ r**2)}
    found |= {"width": unit * (z @ r), "minus_sum_of_squares": -(value @ value)}
    found |= {f"leading_{n}": z[:n].sum() for n in LEADING}
    found |= {"sum_of_squares": z @ z, "entropy": -(z @ np.log(z))}
    found |= {"radial_half": z @ np.sqrt(r), "radial_2": z @ r**2}
    found |= {"major": major, "minor": minor, "minor_over_major": minor / major}
    z, y, x = z[:MOST], y[:MOST], x[:MOST]
    theta = np.hypot(y[:, None] - y, x[:, None] - x)
    some, few = min(SOME, len(z)), min(FEW, len(z))
    i, j = (index[(some > PAIRS).all(axis=0)] for index in PAIRS)
    a, b, c = (index[(some > TRIPLES).all(axis=0)] for index in TRIPLES)
    four = FOURS[:, (few > FOURS).all(axis=0)]
    for name, beta in BETAS.items():
        power = theta**beta
        twice = power * z @ power
        around = power @ z
        e2, e3 = z @ around / 2, z @ (power * twice) @ z / 6
        sides = np.sort([power[a, b], power[a, c], power[b, c]], axis=0)
        generalised = (z[a] * z[b] * z[c]) @ (sides[0] * sides[1])
        six = np.prod([power[four[m], four[n]] for m in range(4) for n in range(m)], axis=0)
        found |= {f"e2_{name}": e2, f"e3_{name}": e3, f"e4_{name}": np.prod(z[four], axis=0) @ six}
        found |= {f"c2_{name}": e3 / e2**2, f"d2_{name}": e3 / e2**3}
        found[f"n2_{name}"] = _ratio(generalised, ((z[i] * z[j]) @ power[i, j]) ** 2)
        found |= {f"wedge_{name}": z @ around**2, f"star_{name}": z @ around**3}
        found[f"square_{name}"] = z @ twice**2 @ z
        if name in AXES_BETAS:
            nearest, former = np.full(len(z), np.inf), 0.0
            for n in range(1, AXES + 1):
                tried = np.minimum(nearest, power[:SOME])
                nearest = tried[(tried @ z).argmin()]
                tau = z @ nearest
                found[f"tau{n}_{name}"] = tau
                if n > 1:
                    found[f"tau{n}{n - 1}_{name}"] = _ratio(tau, former)
                former = tau
    return [found[name] for name in FEATURES]


def measure(few: int = 500) -> list[dict[str, Any]]:
    """The row of the table, on the demo's normal jets; the loop takes `few` of them."""
    demo = demo_images("Normal_data.npz", "normal_data")
    images = demo.select(np.flatnonzero(np.diff(demo.offsets) > 1))
    pieces = [
        images.select(np.arange(len(images))[i : i + 2000]) for i in range(0, len(images), 2000)
    ]
    started = time.process_time()
    found = [image_features(piece) for piece in pieces]
    ours = len(images) / (time.process_time() - started)
    dense = images.select(np.arange(few)).dense()[:, 0]
    started = time.process_time()
    plain = np.array([of_one_jet(image) for image in dense])
    theirs = few / (time.process_time() - started)
    together = np.stack([found[0][name][:few] for name in FEATURES], axis=1)
    differences = np.abs(together - plain) / np.maximum(np.abs(plain), TINY)
    return [
        {
            "what": f"jets a second: {len(FEATURES)} features, {_lit(images)} lit pixels a jet",
            "alternative": f"{theirs:,.0f}, a loop over jets ({few} of them)",
            "oddjet": f"{ours:,.0f} (differences of {np.max(differences):.0e} at most)",
            "ratio": ours / theirs,
        }
    ]


def _lit(images: SparseImages) -> int:
    return round(np.diff(images.offsets).mean())
