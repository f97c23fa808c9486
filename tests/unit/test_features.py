"""Substructure features, against plain loops over jets, pixels and tuples of them."""

from itertools import combinations, pairwise
from math import prod

import numpy as np
import pytest

from oddjet.prepare import features
from oddjet.prepare.constituents import jet_images
from oddjet.prepare.features import FEATURES, constituent_features, image_features
from oddjet.prepare.sparse import SparseImages

EXPONENTS = {"2": 2.0, "1": 1.0, "half": 0.5}


def sparse(images: np.ndarray) -> SparseImages:
    return SparseImages.from_dense(images.astype(np.float32))


def some_images(events: int = 4, lit: float = 0.1, channels: int = 1, side: int = 12) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = rng.exponential(size=(events, channels, side, side + 2)).astype(np.float32)
    images[rng.random(images.shape) > lit] = 0
    return images


def pixels_of(image: np.ndarray) -> list[tuple[float, float, float]]:
    """Value, y and x of the pixels of an image (H, W), hardest first; half its longer side is 1."""
    unit = max(image.shape) / 2
    lit = [(float(image[y, x]), y / unit, x / unit) for y, x in np.argwhere(image)]
    return sorted(lit, reverse=True)


def plain(pixels: list[tuple[float, float, float]], unit: float) -> dict[str, float]:
    """Every feature of a jet of a few pixels, as its formula says."""
    total = sum(p for p, _, _ in pixels)
    z = [p / total for p, _, _ in pixels]
    number = range(len(z))
    middle = np.dot(z, [pixel[1:] for pixel in pixels])
    y, x = ([pixel[axis] - middle[axis - 1] for pixel in pixels] for axis in (1, 2))
    r = np.hypot(y, x)
    theta = [[float(np.hypot(y[i] - y[j], x[i] - x[j])) for j in number] for i in number]
    second = sum(z[i] * np.outer([y[i], x[i]], [y[i], x[i]]) for i in number)
    minor, major = np.linalg.eigvalsh(second)
    found = {
        "lit_pixels": len(z),
        "pt": total,
        "mass": total
        * unit
        * sum(z[i] * z[j] * theta[i][j] ** 2 for i in number for j in range(i)) ** 0.5,
        "width": unit * sum(z * r),
        "minus_sum_of_squares": -sum(p**2 for p, _, _ in pixels),
        **{f"leading_{n}": sum(z[:n]) for n in (1, 2, 3, 5, 10)},
        "sum_of_squares": sum(share**2 for share in z),
        "entropy": -sum(share * np.log(share) for share in z),
        "radial_half": sum(z * r**0.5),
        "radial_2": sum(z * r**2),
        "major": major,
        "minor": minor,
        "minor_over_major": minor / major,
    }
    for name, beta in EXPONENTS.items():

        def product(chosen, pairs, beta=beta):
            return prod(z[i] for i in chosen) * prod(theta[i][j] ** beta for i, j in pairs)

        def correlation(points, among, beta=beta):
            return sum(product(c, combinations(c, 2)) for c in combinations(among, points))

        few, some = number[: features.FEW], number[: features.SOME]
        e2, e3 = correlation(2, number), correlation(3, number)
        generalised = sum(
            prod(z[i] for i in chosen)
            * prod(sorted(theta[i][j] ** beta for i, j in combinations(chosen, 2))[:2])
            for chosen in combinations(some, 3)
        )
        around = [sum(z[j] * theta[i][j] ** beta for j in number) for i in number]
        found |= {
            f"e2_{name}": e2,
            f"e3_{name}": e3,
            f"e4_{name}": correlation(4, few),
            f"c2_{name}": e3 / e2**2,
            f"d2_{name}": e3 / e2**3,
            f"n2_{name}": generalised / correlation(2, some) ** 2,
            f"wedge_{name}": sum(z[i] * around[i] ** 2 for i in number),
            f"star_{name}": sum(z[i] * around[i] ** 3 for i in number),
            f"square_{name}": sum(
                product((i, j, k, m), ((i, j), (j, k), (k, m), (m, i)))
                for i in number
                for j in number
                for k in number
                for m in number
            ),
        }
    for name in ("2", "1"):
        axes: list[int] = []
        taus = []
        for _ in range(5):
            tried = {
                a: sum(
                    z[i] * min(theta[i][b] for b in (*axes, a)) ** EXPONENTS[name] for i in number
                )
                for a in number[: features.SOME]
            }
            axes.append(min(tried, key=tried.__getitem__))
            taus.append(tried[axes[-1]])
        found |= {f"tau{n + 1}_{name}": tau for n, tau in enumerate(taus)}
        found |= {
            f"tau{n + 1}{n}_{name}": taus[n] / taus[n - 1] if taus[n - 1] else 0.0
            for n in range(1, 5)
        }
    return found


def test_features_are_those_of_a_plain_loop() -> None:
    images = some_images()
    found = image_features(sparse(images))
    for number, image in enumerate(images[:, 0]):
        expected = plain(pixels_of(image), max(image.shape) / 2)
        assert {name: values[number] for name, values in found.items()} == pytest.approx(
            expected, rel=1e-4, abs=1e-12
        )


def test_every_feature_is_described_and_every_described_one_is_there() -> None:
    assert list(image_features(sparse(some_images()))) == list(FEATURES)


def two_channels(events: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = rng.exponential(size=(events, 2, 9, 11))
    images[rng.random(images.shape) < 0.9] = 0
    return images


def test_quantities_are_those_of_plain_sums() -> None:
    images = two_channels()
    found = image_features(sparse(images))
    for number, image in enumerate(images):
        pixels = [
            (float(np.float32(image[channel, row, column])), row, column)
            for channel, row, column in np.argwhere(image)
        ]
        total = sum(p for p, _, _ in pixels)
        middle = [sum(pixel[0] * pixel[axis] for pixel in pixels) / total for axis in (1, 2)]
        pairs = sum(
            p * q * ((y - v) ** 2 + (x - u) ** 2)
            for one, (p, y, x) in enumerate(pixels)
            for q, v, u in pixels[:one]
        )
        girth = sum(p * np.hypot(y - middle[0], x - middle[1]) for p, y, x in pixels) / total
        expected = {
            "pt": total,
            "lit_pixels": len(pixels),
            "mass": np.sqrt(pairs),
            "width": girth,
            "minus_sum_of_squares": -sum(p**2 for p, _, _ in pixels),
        }
        assert {name: found[name][number] for name in expected} == pytest.approx(expected)


def test_the_mass_is_the_invariant_mass_where_angles_are_small() -> None:
    size = 0.001  # of a pixel in eta and phi
    image = np.zeros((1, 1, 40, 40))
    momenta = {(3, 5): 200.0, (30, 12): 120.0, (17, 35): 80.0}
    four = np.zeros(4)
    for (row, column), pt in momenta.items():
        image[0, 0, row, column] = pt
        eta, phi = row * size, column * size
        four += pt * np.array([np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta)])
    mass = np.sqrt(four[0] ** 2 - (four[1:] ** 2).sum())
    # angles of 0.04: the next term of the expansion is of the order of 0.04^2 / 12
    assert image_features(sparse(image))["mass"][0] * size == pytest.approx(mass, rel=1e-3)


def test_blank_and_single_pixel_jets_have_no_mass_and_no_width() -> None:
    images = np.zeros((2, 1, 8, 8))
    images[1, 0, 3, 4] = 2
    found = image_features(sparse(images))
    assert found["mass"].tolist() == found["width"].tolist() == [0, 0]
    assert found["pt"].tolist() == [0, 2]
    assert found["lit_pixels"].tolist() == [0, 1]


def test_several_channels_count_by_their_sum_and_each_by_its_share() -> None:
    images = some_images(channels=3)
    found = image_features(sparse(images))
    summed = image_features(sparse(images.sum(axis=1, keepdims=True)))
    for name in set(FEATURES) - {"lit_pixels", "minus_sum_of_squares"}:
        np.testing.assert_allclose(found[name], summed[name], rtol=1e-4, atol=1e-12)
    shares = images.sum(axis=(2, 3)) / images.sum(axis=(1, 2, 3))[:, None]
    assert list(found)[len(FEATURES) :] == ["channel_0", "channel_1", "channel_2"]
    for channel in range(3):
        np.testing.assert_allclose(found[f"channel_{channel}"], shares[:, channel], rtol=1e-5)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_and_moved_jet_has_the_same_features(turns: int) -> None:
    images = some_images(side=14)[..., :14]
    window = np.zeros((len(images), 1, 20, 20))
    moved = window.copy()
    window[..., :14, :14] = images
    moved[..., 3:17, 6:20] = np.rot90(images, turns, axes=(2, 3))
    found, again = image_features(sparse(window)), image_features(sparse(moved))
    for name, values in found.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-4, atol=1e-9, err_msg=name)


def test_a_harder_jet_differs_in_momenta_alone() -> None:
    images = sparse(some_images())
    harder = SparseImages(images.offsets, images.pixels, 1000 * images.values, images.shape)
    found, again = image_features(images), image_features(harder)
    powers = {"pt": 1, "mass": 1, "minus_sum_of_squares": 2}
    for name, values in found.items():
        expected = values * 1000.0 ** powers.get(name, 0)
        np.testing.assert_allclose(again[name], expected, rtol=1e-4, atol=1e-9, err_msg=name)


def test_finer_pixels_change_the_unit_of_mass_and_width_alone() -> None:
    images = some_images(lit=0.05)
    finer = np.zeros((len(images), 1, 36, 42))
    finer[..., 1::3, 1::3] = images
    found, again = image_features(sparse(images)), image_features(sparse(finer))
    for name, values in found.items():
        expected = values * (3 if name in ("mass", "width") else 1)
        np.testing.assert_allclose(again[name], expected, rtol=1e-4, atol=1e-9, err_msg=name)


def test_blank_and_single_pixel_jets_have_the_features_that_are_left() -> None:
    images = np.zeros((3, 1, 9, 9))
    images[1, 0, 2, 5] = 0.3
    images[2] = some_images(1, side=9)[0, :, :, :9]
    found = image_features(sparse(images))
    assert all(np.isfinite(values).all() for values in found.values())
    assert all(values[0] == 0 for values in found.values())
    one = {name: values[1] for name, values in found.items() if values[1]}
    value = float(np.float32(0.3))
    assert one == pytest.approx(
        {"lit_pixels": 1, "pt": value, "minus_sum_of_squares": -(value**2), "sum_of_squares": 1}
        | {f"leading_{n}": 1 for n in (1, 2, 3, 5, 10)}
    )


@pytest.mark.parametrize("events", [0, 1])
def test_samples_of_no_jets_and_of_blank_ones_have_features(events: int) -> None:
    found = image_features(sparse(np.zeros((1, 2, 5, 5))).select(np.arange(events)))
    assert {values.shape for values in found.values()} == {(events,)}


# a jet alone, few of them, and more than are computed together
SPLITS = ([0, 1, 3, 130], [0, 60, 117, 118, 130])


@pytest.mark.parametrize("ends", SPLITS)
@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_the_same_bit_by_bit_whatever_other_jets_there_are(
    channels: int, ends: list[int]
) -> None:
    rng = np.random.default_rng(3)
    # from two pixels to far more than sums over pairs take
    images = some_images(130, 0.9, channels) * (
        rng.random((130, 1, 12, 14)) < rng.random((130, 1, 1, 1))
    )
    whole = image_features(sparse(images))
    parts = [image_features(sparse(images[start:stop])) for start, stop in pairwise(ends)]
    for name, values in whole.items():
        found = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(found, values, err_msg=name)


@pytest.mark.parametrize("ends", SPLITS)
def test_what_constituents_give_is_the_same_bit_by_bit_whatever_other_jets_there_are(
    ends: list[int],
) -> None:
    rng = np.random.default_rng(4)
    pt = rng.exponential(30, (130, 70)) * (np.arange(70) < rng.integers(1, 71, (130, 1)))
    eta, phi = rng.normal(0, 0.3, pt.shape), rng.normal(1, 0.3, pt.shape)
    parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
    vectors = np.stack(parts, axis=-1)
    images, whole, _ = jet_images(vectors, 16, 1.0)
    for start, stop in pairwise(ends):
        some = vectors[start:stop]
        longest = (some[..., 0] > 0).sum(axis=1).max()
        for padded in (some[:, :longest], np.pad(some, [(0, 0), (0, 7), (0, 0)])):
            found, alone, _ = jet_images(padded, 16, 1.0)
            np.testing.assert_array_equal(found, images[start:stop])
            for name, values in alone.items():
                np.testing.assert_array_equal(values, whole[name][start:stop], err_msg=name)


def test_sums_over_pairs_are_those_of_the_brightest_where_many_are_lit() -> None:
    image = some_images(1, lit=0.9, side=20)
    order = np.argsort(-image.ravel())
    brightest = np.zeros(image.size)
    brightest[order[: features.MOST]] = image.ravel()[order[: features.MOST]]
    share = brightest.sum() / image.sum()
    found = image_features(sparse(image))
    kept = image_features(sparse(brightest.reshape(image.shape)))
    assert found["e3_1"] == pytest.approx(kept["e3_1"] * share**3, rel=1e-4)
    assert found["tau1_1"] == pytest.approx(kept["tau1_1"] * share, rel=1e-4)
    assert found["width"] != pytest.approx(kept["width"], rel=1e-2)


def test_constituents_have_the_features_of_their_pixels() -> None:
    images = some_images()
    found = image_features(sparse(images))
    flat = images.reshape(len(images), -1)
    y, x = (np.tile((i.ravel() + 0.5) / 7, (len(flat), 1)) for i in np.mgrid[:12, :14])
    of_constituents = constituent_features(flat, y, x)
    for name, values in found.items():
        expected = values / (7 if name in ("mass", "width") else 1)
        np.testing.assert_allclose(of_constituents[name], expected, rtol=1e-4, atol=1e-9)


def test_as_many_axes_as_pixels_leave_no_distance() -> None:
    image = np.zeros((1, 1, 20, 20))
    image[0, 0, [3, 9, 17], [4, 15, 6]] = 3, 2, 1
    found = image_features(sparse(image))
    assert found["tau2_1"] > 0.1
    assert found["tau3_1"] == found["tau43_1"] == found["e4_1"] == 0


def test_mass_and_axes_are_nearly_those_of_fastjet() -> None:
    """Jets of three prongs: against the mass of four-vectors and winner-take-all kt axes."""
    fastjet = pytest.importorskip("fastjet")
    rng = np.random.default_rng(0)
    pt = np.tile([200.0, 120.0, 90.0, 20.0, 15.0, 10.0, 4.0, 3.0, 2.0], (30, 1))
    pt *= rng.uniform(0.9, 1.1, pt.shape)
    prongs = rng.normal(0, 0.2, (2, 30, 3))
    y, x = np.tile(prongs, 3) + rng.normal(0, 0.02, (2, 30, 9))
    found = constituent_features(pt, y, x)
    clustered = fastjet.JetDefinition(
        fastjet.kt_algorithm, fastjet.JetDefinition.max_allowable_R, fastjet.WTA_pt_scheme
    )
    taus = np.empty((3, 30))
    for number in range(len(pt)):
        particles = [
            fastjet.PseudoJet(p * np.cos(v), p * np.sin(v), p * np.sinh(u), p * np.cosh(u))
            for p, u, v in zip(pt[number], y[number], x[number], strict=True)
        ]
        px, py, pz, energy = np.sum([(q.px(), q.py(), q.pz(), q.e()) for q in particles], axis=0)
        mass = np.sqrt(energy**2 - px**2 - py**2 - pz**2)
        assert found["mass"][number] == pytest.approx(mass, rel=0.05)
        sequence = fastjet.ClusterSequence(particles, clustered)
        for n in (1, 2, 3):
            axes = [(axis.eta(), axis.phi_std()) for axis in sequence.exclusive_jets_up_to(n)]
            distances = [np.hypot(y[number] - u, x[number] - v) for u, v in axes]
            taus[n - 1, number] = (pt[number] * np.min(distances, axis=0)).sum() / pt[number].sum()
    for n in (1, 2, 3):
        assert np.median(found[f"tau{n}_1"] / taus[n - 1]) == pytest.approx(1, abs=0.05)
