"""What `oddjet.prepare` does to raw jets, as tensors: the first part of the graph of a score.

The steps are those of `prepare.images`, `prepare.four_vectors`, `prepare.constituents` and
`prepare.preprocessing`; the geometry is the very same code, and sums run in the same order, so that
a jet whose moments vanish but for roundings is turned and flipped alike. What the others refuse is
marked here, since a graph cannot raise an error.

Operators that onnxruntime has in double precision alone are used for coordinates: no arctan, no
inverse hyperbolic functions.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from oddjet.planning.coordinates import CODE, MASK, positions
from oddjet.prepare.four_vectors import ALIASES, LIMITS
from oddjet.prepare.preprocessing import DECIMALS, LitPixels, moved, prepared_shape


class RawImages(nn.Module):
    """From arrays as they lie in a file to images of channels.

    Args:
        settings: `layout`, `channels`, `one_hot`, as the configuration's `images` has them.
        row: shape of an event in the array, (H, W), (H, W, C) or (C, H, W).
    """

    def __init__(self, settings: Mapping[str, Any], row: tuple[int, ...]) -> None:
        super().__init__()
        self.row, self.first = row, settings["layout"] == "channels_first"
        there = 1 if len(row) == 2 else row[0 if self.first else -1]
        self.wanted = list(range(there)) if settings["channels"] is None else settings["channels"]
        self.one_hot = settings["one_hot"] or {}

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Images (n, C, H, W) of float32 (n, ...), and which of them are usable, (n,)."""
        planes = raw[:, None] if len(self.row) == 2 else raw if self.first else raw.movedim(-1, 1)
        found, usable = [], []
        for channel in self.wanted:
            plane = planes[:, channel]
            good = plane.isfinite() & (plane >= 0)
            if channel == self.one_hot.get("channel"):
                each = [plane == code for code in self.one_hot["codes"]]
                good &= torch.stack([plane == 0, *each]).any(0)
                found += [here.float() for here in each]
            else:
                found.append(plane)
            usable.append(good.flatten(1).all(1))
        return torch.stack(found, 1), torch.stack(usable).all(0)


class RawConstituents(nn.Module):
    """From constituents in a file's coordinates to images of shares of the jet's pT.

    Args:
        settings: `coordinates`, `constituents`, `size`, `half_width`, `one_hot`, as the
            configuration's `images` has them. Its `unit` does not matter for shares.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self.names = list(settings["coordinates"])
        self.positions = positions(settings["coordinates"]) or list(range(len(self.names)))
        self.most = settings["constituents"]
        self.size, self.half_width = settings["size"], settings["half_width"]
        # a channel for each code, and behind them one for all others
        self.codes = settings["one_hot"]["codes"] if CODE in self.names else []
        self.channels = len(self.codes) + 1

    def forward(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Images (n, C, size, size) of float64 (n, k, coordinates), and which are usable, (n,)."""
        chosen = (torch.arange(raw.shape[1]) < self.most)[:, None]
        values = torch.where(chosen, raw, 0.0)[..., self.positions]
        known = {
            ALIASES.get(name, name): values[..., column] for column, name in enumerate(self.names)
        }
        channel = self._channel(known.pop(CODE)) if self.codes else None
        usable = []
        if MASK in known:
            mask = known.pop(MASK)
            usable.append((mask == 0) | (mask == 1))
            known = {name: torch.where(mask != 0, found, 0.0) for name, found in known.items()}
        usable += [found.isfinite() for found in known.values()]
        usable += [known[name] >= 0 for name in ("pt", "mass") if name in known]
        for name in LIMITS.keys() & known.keys():
            usable.append((known["pt"] == 0) | (known[name].abs() <= LIMITS[name][0]))
        px, py, pz = _momenta(known)
        good = torch.stack(usable).all(0)
        return self._pixelated(px, py, pz, channel), good.all(1)

    def _channel(self, code: Tensor) -> Tensor:
        """The channel of each constituent (n, k) by its code."""
        channel = torch.full_like(code, len(self.codes))
        for number, one in enumerate(self.codes):
            channel = torch.where(code == one, float(number), channel)
        return channel.long()

    def _pixelated(self, px: Tensor, py: Tensor, pz: Tensor, channel: Tensor | None) -> Tensor:
        """Histograms (n, C, size, size) of momenta (n, k), float32."""
        pt = _length(px, py)
        jet_px, jet_py, jet_pz = (momentum.sum(1, keepdim=True) for momentum in (px, py, pz))
        jet_pt = _length(jet_px, jet_py)
        whole = torch.where(jet_pt > 0, jet_pt, 1.0)
        slope, jet_slope = pz / torch.where(pt > 0, pt, 1.0), jet_pz / whole
        # a lone constituent lies on the axis, which may be an edge of a pixel
        along = slope == jet_slope
        delta_eta = torch.where(along, 0.0, _arcsinh(slope) - _arcsinh(jet_slope))
        delta_phi = _angle(py * jet_px - px * jet_py, px * jet_px + py * jet_py)
        row, column = (
            torch.floor((x + self.half_width) * self.size / (2 * self.half_width)).long()
            for x in (delta_eta, delta_phi)
        )
        inside = (pt > 0) & _within(row, self.size) & _within(column, self.size)
        if channel is not None:
            row = row + channel * self.size
        place = torch.where(inside, row * self.size + column, 0)
        image = torch.zeros(px.shape[0], self.channels * self.size**2, dtype=torch.double)
        image = image.scatter_add(1, place, torch.where(inside, pt / whole, 0.0))
        return image.view(-1, self.channels, self.size, self.size).float()


def _momenta(known: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Px, py, pz (n, k) of the coordinates of a system, by their names in scikit-hep's vector."""
    if "px" in known:
        return known["px"], known["py"], known["pz"]
    pt = known["pt"]
    eta, phi = (torch.where(pt != 0, known[name], 0.0) for name in ("eta", "phi"))
    return pt * phi.cos(), pt * phi.sin(), pt * ((eta.exp() - (-eta).exp()) / 2)


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt()


def _arcsinh(x: Tensor) -> Tensor:
    return x.sign() * (x.abs() + (x * x + 1).sqrt()).log()


def _angle(sine: Tensor, cosine: Tensor) -> Tensor:
    """The angle in [-pi, pi] whose sine and cosine, times any length, are given.

    onnxruntime knows the arctan in single precision alone: a step of Newton's method, whose error
    is of the third order, makes it one in double precision.
    """
    length = _length(sine, cosine)
    half = sine / (length + cosine)  # tangent of half the angle; none where it is 0 or pi
    half = torch.where(sine == 0, torch.where(cosine < 0, math.inf, 0.0), half)
    angle = 2 * half.float().atan().double()
    across, along = angle.sin(), angle.cos()
    step = (sine * along - cosine * across) / torch.where(length > 0, length, 1.0)
    return angle + step


def _within(place: Tensor, size: int) -> Tensor:
    return (place >= 0) & (place < size)


class LitTensors(LitPixels):
    """The lit pixels of jets as tensors, whose sums have the same order as those of arrays."""

    xp: ClassVar[Any] = torch

    def sum(self, quantity: Any = 1.0) -> Any:
        """Sum (n,) over each jet of a pixel's value times a quantity of it."""
        found: Any = self
        return torch.zeros(found.jets, dtype=torch.double).scatter_add(
            0, found.jet, found.value * quantity
        )


def _rounded(x: Tensor) -> Tensor:
    return torch.round(x * 10**DECIMALS) / 10**DECIMALS


def _overlaps(middle: Tensor, width: float) -> list[tuple[Tensor, Tensor]]:
    """The two pixels of side 1 that intervals of `width` <= 1 may overlap, and their shares."""
    start = middle - width / 2
    first = torch.floor(_rounded(start))
    share = (_rounded(start + width - first - 1) / width).clamp(0, 1)
    return [(first.long(), 1 - share), (first.long() + 1, share)]


class Preprocessing(nn.Module):
    """All steps of `prepare.preprocessing.preprocess`.

    Args:
        settings: `centre`, `rotate`, `flip`, `size`, `unit_sum`, `power`, `log`.
        shape: of raw images, (C, H, W).
        crop: side of the square in raw pixels; None for the whole image.
    """

    def __init__(
        self, settings: Mapping[str, Any], shape: tuple[int, int, int], crop: int | None
    ) -> None:
        super().__init__()
        self.settings, self.raw_shape = settings, shape
        self.shape = prepared_shape(shape, crop, settings["size"])
        self.scale = max(self.shape[1:]) / (crop or max(shape[1:]))

    def forward(self, images: Tensor) -> Tensor:
        """Prepared images of raw ones, both float32 (n, C, H, W)."""
        dense = self._rebinned(self._placed(images))
        if self.settings["unit_sum"]:
            sums = dense.sum((1, 2, 3), keepdim=True)
            dense = dense / torch.where(sums > 0, sums, 1.0)
        if self.settings["power"] != 1:
            dense = dense ** self.settings["power"]
        if self.settings["log"]:
            dense = _log1p(self.settings["log"] * dense)
        return dense.float()

    def _placed(self, images: Tensor) -> Any:
        """`LitTensors` of the pixels, moved as the settings ask for it."""
        _, height, width = self.raw_shape
        jet, channel, row, column = images.nonzero(as_tuple=True)
        lit: dict[str, Any] = {
            "jets": images.shape[0],
            "shape": self.raw_shape,
            "jet": jet,
            "channel": channel,
            "y": row.double() - (height - 1) / 2,
            "x": column.double() - (width - 1) / 2,
            "value": images[jet, channel, row, column].double(),
        }
        jets: Any = moved(LitTensors(**lit), self.settings)
        return replace(jets, y=_rounded(jets.y), x=_rounded(jets.x))

    def _rebinned(self, jets: Any) -> Tensor:
        """Images (n, C, H, W), float64, in which `LitTensors` share their values."""
        channels, height, width = self.shape
        dense = torch.zeros(jets.jets * channels * height * width, dtype=torch.double)
        plane = jets.jet * channels + jets.channel
        for row, row_share in _overlaps(jets.y * self.scale + height / 2, self.scale):
            for column, column_share in _overlaps(jets.x * self.scale + width / 2, self.scale):
                inside = _within(row, height) & _within(column, width)
                place = torch.where(inside, (plane * height + row) * width + column, 0)
                value = torch.where(inside, jets.value * row_share * column_share, 0.0)
                dense = dense.scatter_add(0, place, value)
        return dense.view(-1, *self.shape)


def _log1p(x: Tensor) -> Tensor:
    """ln(1 + x), x >= 0, to the last digits of a small x (Higham 2002, section 1.14.1)."""
    more = 1 + x
    return torch.where(more == 1, x, x * more.log() / torch.where(more == 1, 1.0, more - 1))
