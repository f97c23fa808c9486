"""Substructure of jets, from their lit pixels or their constituents.

z is a pixel's share of its jet's pT, r its distance from the pT centroid, theta the distance of two
pixels. Lengths are in units of half the longer side of the image, so that they do not depend on how
finely it is divided, and powers of them stay far from the limits of single precision; those of
constituents are in rad. `mass` and `width` alone are in pixels, as everywhere. A change of unit
multiplies each feature by a constant, which neither trees nor ranks notice.

Sums over pixels run over all of them, in double precision. Sums over pairs run over the `MOST`
brightest of a jet, those over triples and fours that are no product of matrices over the `SOME`
and the `FEW` brightest; all in single precision. Where 366 pixels are lit the 60 brightest hold 94%
of the pT, and supervised trees reach an area under the ROC curve of 0.984; with 120 they reach
0.985, at half the speed.

The features of a jet are the same to the last bit whatever jets are computed beside it, so that
they depend neither on files nor on pieces.

Every feature of a blank jet is 0. A jet of one pixel has its number, pT, shares (1) and sums of
squares; what needs a second pixel is 0, and so is every ratio whose denominator vanishes.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from oddjet.prepare.preprocessing import LitPixels, centred, lit_pixels
from oddjet.prepare.sparse import SparseImages

MOST = 60  # brightest pixels in sums over pairs
SOME = 20  # brightest pixels in the sums over triples of N2, and among which axes are looked for
FEW = 12  # brightest pixels in sums over fours
TOGETHER = 64  # jets of about as many pixels: their matrices of distances stay in the cache
STEP = 4  # pixels: jets are filled up to multiples of it, so that many are of one size
LEADING = (1, 2, 3, 5, 10)
AXES = 5
BETAS = {"2": 2.0, "1": 1.0, "half": 0.5}  # exponents of angles, by how names end
AXES_BETAS = ("2", "1")
PAIRS, TRIPLES, FOURS = (
    np.array(list(combinations(range(points), n))).T
    for points, n in ((SOME, 2), (SOME, 3), (FEW, 4))
)


def _of_beta(beta: str) -> dict[str, str]:
    b = {"half": "1/2"}.get(beta, beta)
    return {
        f"e2_{beta}": f"sum over pairs z z theta^{b} (energy correlation, arXiv:1305.0007)",
        f"e3_{beta}": f"sum over triples z z z (theta theta theta)^{b} (arXiv:1305.0007)",
        f"e4_{beta}": f"sum over fours of the brightest {FEW}, z z z z and the product of the six "
        f"theta^{b} (arXiv:1305.0007)",
        f"c2_{beta}": f"e3 / e2^2, beta {b} (arXiv:1305.0007)",
        f"d2_{beta}": f"e3 / e2^3, beta {b} (arXiv:1409.6298)",
        f"n2_{beta}": f"2e3 / e2^2, both of the brightest {SOME}, 2e3 the sum over triples z z z "
        f"(product of the two smallest theta)^{b} (arXiv:1609.07483)",
        f"wedge_{beta}": f"sum z_i (sum z_j theta_ij^{b})^2 (energy flow polynomial, "
        "arXiv:1712.07124)",
        f"star_{beta}": f"sum z_i (sum z_j theta_ij^{b})^3 (arXiv:1712.07124)",
        f"square_{beta}": f"sum z_i z_j z_k z_l (theta_ij theta_jk theta_kl theta_li)^{b} "
        "(arXiv:1712.07124)",
    }


def _of_axes(beta: str) -> dict[str, str]:
    taus = {
        f"tau{n}_{beta}": f"N-subjettiness of {n} axes: sum z (distance to the nearest)^{beta} "
        f"(arXiv:1011.2268); each next axis that of the brightest {SOME} pixels with least tau"
        for n in range(1, AXES + 1)
    }
    ratios = {
        f"tau{n + 1}{n}_{beta}": f"tau{n + 1} / tau{n}, beta {beta} (arXiv:1011.2268)"
        for n in range(1, AXES)
    }
    return taus | ratios


FEATURES = {
    "lit_pixels": "number of lit pixels, of all channels; of constituents those of their image",
    "pt": "transverse momentum, the sum of the pixels",
    "mass": "invariant mass for small angles, (sum over pairs p p theta^2)^(1/2), in pixels; "
    "of constituents sqrt(E^2 - p^2) of their sum, in the unit of the momenta",
    "width": "sum z r, in pixels, of constituents in rad (the jet girth, arXiv:1106.3076)",
    "minus_sum_of_squares": "minus the sum of squared pixels, of all channels; of constituents "
    "those of their image, whose pixels are shares of the pT",
    **{f"leading_{n}": f"sum of the largest {n} z" for n in LEADING},
    "sum_of_squares": "sum z^2 (the square of p_T^D, CMS-PAS-JME-13-002)",
    "entropy": "- sum z ln z",
    "radial_half": "sum z r^(1/2)",
    "radial_2": "sum z r^2",
    "major": "larger eigenvalue of the second moments, sum z (y, x) (y, x)^T",
    "minor": "smaller eigenvalue of the second moments",
    "minor_over_major": "ratio of the eigenvalues",
    **{name: text for beta in BETAS for name, text in _of_beta(beta).items()},
    **{name: text for beta in AXES_BETAS for name, text in _of_axes(beta).items()},
}
CHANNEL = "channel_{}"  # share of the pT in each channel, where there are several


def image_features(images: SparseImages) -> dict[str, np.ndarray]:
    """`FEATURES` (N,) of raw images, in double precision.

    Those of several channels are of their sum, but for `lit_pixels` and `minus_sum_of_squares`,
    which count all channels; `channel_0`, ... are the shares of the channels.
    """
    pixels = centred(lit_pixels(images))
    counted = {
        "lit_pixels": np.diff(images.offsets).astype(np.float64),
        "minus_sum_of_squares": -pixels.sum(pixels.value),
    }
    if images.shape[0] == 1:
        return _features(pixels, max(images.shape[1:]) / 2) | counted
    total = pixels.sum()
    for channel in range(images.shape[0]):
        inside = pixels.sum(pixels.channel == channel)
        counted[CHANNEL.format(channel)] = _ratio(inside, total)
    return _features(_summed(pixels, images), max(images.shape[1:]) / 2) | counted


def constituent_features(pt: np.ndarray, y: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """`FEATURES` (N,) of constituents: pT (N, k), padded with zeros, y and x (N, k) in rad.

    y and x are eta and phi from the jet's axis, so that no jet is cut at phi = pi.
    """
    jet, number = np.nonzero(pt)
    value, y, x = (quantity[jet, number].astype(np.float64) for quantity in (pt, y, x))
    return _features(
        centred(LitPixels(len(pt), (1, 1, 1), jet, np.zeros_like(jet), y, x, value)), 1.0
    )


def _summed(pixels: LitPixels, images: SparseImages) -> LitPixels:
    """The pixels of the sum over channels."""
    area = images.shape[1] * images.shape[2]
    place = pixels.jet * area + images.pixels % area
    _, first, which = np.unique(place, return_index=True, return_inverse=True)
    return replace(
        pixels,
        **{name: getattr(pixels, name)[first] for name in ("jet", "channel", "y", "x")},
        value=np.bincount(which, pixels.value),
    )


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Ratio, 0 where the denominator is 0."""
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)


def _features(pixels: LitPixels, unit: float) -> dict[str, np.ndarray]:
    """`FEATURES` (N,) of centred pixels, jet behind jet, their places in `unit`."""
    found = _moments(pixels, unit)
    found |= {name: np.zeros(pixels.jets) for name in FEATURES.keys() - found.keys()}
    for jets, z, y, x in _brightest(pixels, found["pt"], unit):
        cumulated = np.cumsum(z[:, : max(LEADING)], axis=1, dtype=np.float64)
        for n in LEADING:
            found[f"leading_{n}"][jets] = cumulated[:, n - 1]
        for name, values in _correlations(z, y, x):
            found[name][jets] = values
    for beta in BETAS:
        e2, e3 = found[f"e2_{beta}"], found[f"e3_{beta}"]
        found[f"c2_{beta}"] = _ratio(e3, e2**2)
        found[f"d2_{beta}"] = _ratio(e3, e2**3)
    for beta in AXES_BETAS:
        taus = [found[f"tau{n}_{beta}"] for n in range(1, AXES + 1)]
        for n in range(1, AXES):
            found[f"tau{n + 1}{n}_{beta}"] = _ratio(taus[n], taus[n - 1])
    return {name: found[name] for name in FEATURES}


def _moments(pixels: LitPixels, unit: float) -> dict[str, np.ndarray]:
    """The features (N,) that are sums over single pixels."""
    counts = np.bincount(pixels.jet, minlength=pixels.jets)
    starts = (np.cumsum(counts) - counts)[counts > 0]

    def sums(quantity: np.ndarray) -> np.ndarray:
        found = np.zeros(pixels.jets)
        if len(starts):
            found[counts > 0] = np.add.reduceat(quantity, starts)  # five times as fast as bincount
        return found

    value, total = pixels.value, sums(pixels.value)
    moment_yy, moment_yx = value * pixels.y**2, value * pixels.y * pixels.x
    squared = pixels.y**2 + pixels.x**2
    r = np.sqrt(squared)
    moment_2 = sums(value * squared)
    radial_2 = _ratio(moment_2, total) / unit**2
    yy, yx = (_ratio(sums(q), total) / unit**2 for q in (moment_yy, moment_yx))
    half = np.hypot(yy - radial_2 / 2, yx)
    # one pixel has no extent: what rounding leaves would make a ratio of nothing
    major, minor = ((counts > 1) * np.maximum(radial_2 / 2 + s * half, 0) for s in (1, -1))
    squares = sums(value**2)
    entropy = np.log(np.where(counts > 1, total, 1)) - _ratio(sums(value * np.log(value)), total)
    return {
        "lit_pixels": counts.astype(np.float64),
        "pt": total,
        "mass": np.sqrt(total * moment_2),
        "width": _ratio(sums(value * r), total),
        "minus_sum_of_squares": -squares,
        "sum_of_squares": _ratio(squares, total**2),
        "entropy": (counts > 1) * entropy,
        "radial_half": _ratio(sums(value * np.sqrt(r)), total) / unit**0.5,
        "radial_2": radial_2,
        "major": major,
        "minor": minor,
        "minor_over_major": _ratio(minor, major),
    }


def _brightest(
    pixels: LitPixels, pt: np.ndarray, unit: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """The brightest pixels of all jets that are not blank, jets of about as many pixels together.

    Yields:
        Which jets (n,); z, y and x (n, k), float32, hardest first; behind the last pixel of a jet
        z is 0 and the place that of the brightest. k, between `SOME` and `MOST`, depends on the
        number of pixels alone: sums over more zeros would be rounded otherwise.
    """
    z, y, x = (
        q.astype(np.float32)
        for q in (pixels.value / pt[pixels.jet], pixels.y / unit, pixels.x / unit)
    )
    # positive floats sort as their bits do: a key that says which pixel it is, ties by place
    key = (~z.view(np.uint32)).astype(np.uint64) << np.uint64(32)
    key |= np.arange(len(z), dtype=np.uint64)
    counts = np.bincount(pixels.jet, minlength=pixels.jets)
    starts = np.cumsum(counts) - counts
    by_size = np.argsort(counts, kind="stable")[np.count_nonzero(counts == 0) :]
    sizes = np.clip(-(-counts // STEP) * STEP, SOME, MOST)
    for size in np.unique(sizes[by_size]):
        alike = by_size[sizes[by_size] == size]
        for start in range(0, len(alike), TOGETHER):
            jets = alike[start : start + TOGETHER]
            if len(jets) == 1:  # NumPy adds up an axis in another order where it is the only one
                jets = np.repeat(jets, 2)
            place = np.arange(max(counts[jets[-1]], size))
            lit = place < counts[jets, None]
            keys = np.where(lit, key[np.where(lit, starts[jets, None] + place, 0)], ~np.uint64(0))
            keys.sort(axis=1)
            which, lit = keys[:, :size] & np.uint64(2**32 - 1), lit[:, :size]
            which = np.where(lit, which, which[:, :1])
            yield jets, lit * z[which], y[which], x[which]


def _differences(place: np.ndarray) -> np.ndarray:
    """All differences (n, k, k) of places (n, k), as the faster product (y, 1) (1, -y)."""
    one = np.ones_like(place)
    return np.stack([place, one], axis=2) @ np.stack([one, -place], axis=1)


def _correlations(z: np.ndarray, y: np.ndarray, x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield features (n,) of pixels (n, k) as `_brightest` has them.

    With S_ij = (z_i z_j)^(1/2) theta_ij^beta sums over closed walks are products of matrices:
    6 e3 = sum_ij S_ij (S^2)_ij, and the square is sum_ij (S^2)_ij^2.
    """
    power, other = _differences(y), _differences(x)
    power *= power
    power += np.multiply(other, other, out=other)  # theta^2, that of beta 2: others are its roots
    yield from _tuples(z[:, :SOME], power[:, :SOME, :SOME])
    root = np.sqrt(z)
    weight = np.einsum("ni,nj->nij", root, root)
    twice = np.empty_like(power)
    flat, flat_twice = (matrices.reshape(len(z), -1) for matrices in (other, twice))
    for beta in BETAS:
        if beta != "2":
            np.sqrt(power, out=power)
        s = np.multiply(power, weight, out=other)
        np.matmul(s, s, out=twice)
        around = np.matvec(power, z)
        yield f"e2_{beta}", np.vecdot(z, around) / 2
        yield f"e3_{beta}", np.vecdot(flat, flat_twice) / 6
        yield f"square_{beta}", np.vecdot(flat_twice, flat_twice)
        yield f"wedge_{beta}", np.vecdot(z, around**2)
        yield f"star_{beta}", np.vecdot(z, around**3)
        if beta in AXES_BETAS:
            yield from _subjettiness(z, power[:, :SOME], beta)


def _tuples(z: np.ndarray, power: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the sums (n,) over triples and fours of z (n, SOME) with theta^2 (n, SOME, SOME).

    The jets come last within, so that what belongs to a pair lies together.
    """
    z = np.ascontiguousarray(z.T)
    power = power.transpose(1, 2, 0).reshape(SOME**2, -1)

    def between(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        return power.take(i * SOME + j, axis=0)  # six times as fast as two indices

    pair, z_pair = between(*PAIRS), _product(z.take(point, axis=0) for point in PAIRS)
    i, j, k = TRIPLES
    smallest, larger = between(i, j), between(i, k)
    smaller = np.minimum(smallest, larger)
    np.maximum(smallest, larger, out=larger)
    smallest = np.multiply(smaller, np.minimum(larger, between(j, k), out=larger), out=smallest)
    z_triple = _product(z.take(point, axis=0) for point in TRIPLES)
    four = _product(between(i, j) for i, j in combinations(FOURS, 2))
    z_four = _product(z.take(point, axis=0) for point in FOURS)
    for beta in BETAS:
        if beta != "2":
            for each in (pair, smallest, four):
                np.sqrt(each, out=each)
        e2 = _sum(z_pair, pair)
        yield f"n2_{beta}", _ratio(_sum(z_triple, smallest), e2**2)
        yield f"e4_{beta}", _sum(z_four, four)


def _product(factors: Iterator[np.ndarray]) -> np.ndarray:
    """Product of arrays of one shape, made in the first: new memory would take longer."""
    product = next(factors)
    for factor in factors:
        product *= factor
    return product


def _sum(weight: np.ndarray, quantity: np.ndarray) -> np.ndarray:
    """Sum (n,) of products (m, n), each rounded: fused ones would depend on the place in a row."""
    return (weight * quantity).sum(axis=0)


def _subjettiness(z: np.ndarray, power: np.ndarray, beta: str) -> Iterator[tuple[str, np.ndarray]]:
    """Yield tau_1 to tau_5 (n,) of shares (n, k), given theta^beta (n, SOME, k).

    Axes are pixels, as winner-take-all axes are (arXiv:1401.2158). Each next one is that of the
    brightest `SOME` that makes tau smallest, the former ones kept. On simulated constituents
    tau_32 tells tops from QCD jets with an area under the ROC curve of 0.960; with winner-take-all
    axes of exclusive kt clustering, which have to be found jet by jet, it is 0.967.
    """
    jets = np.arange(len(z))
    nearest, tried = np.full_like(z, np.inf), np.empty_like(power)
    for n in range(1, AXES + 1):
        np.minimum(nearest[:, None], power, out=tried)
        tau = np.matvec(tried, z)
        best = tau.argmin(axis=1)
        yield f"tau{n}_{beta}", tau[jets, best]
        nearest = tried[jets, best]
