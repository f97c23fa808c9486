"""Event weights: a weighted sample is unweighted by rejection before anything else sees it.

A jet of weight w is kept with the probability w / w_max, w_max being the largest weight of the
sample: the hit-or-miss method, by which event generators make unweighted events (James, Monte Carlo
theory and practice, Rep. Prog. Phys. 43 (1980) 1145). What is left has the distributions of the
weighted sample and needs no weights: every estimator, interval and check is right as it stands. The
price is jets: fewer than the effective number of the weighted sample are left.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from oddjet.common.errors import InputError
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.raw import beside, open_column

log = logging.getLogger(__name__)

# of the draw: no setting, and of no other draw of a sample
SEED = 1980


@dataclass(frozen=True)
class Unweighting:
    """What unweighting leaves of a sample.

    Attributes:
        rows: that are kept, ascending, (n,).
        chosen: how many there were.
        effective: their effective number, (sum w)^2 / sum w^2: that of jets of one weight which
            have the same relative uncertainty.
    """

    rows: np.ndarray
    chosen: int
    effective: float

    @property
    def lost(self) -> float:
        """The share of the effective number that is lost."""
        return max(0.0, 1 - len(self.rows) / self.effective) if self.effective else 0.0


def open_weights(raw: RawArray, given: str | Mapping[str, Any] | None) -> RawArray | None:
    """Open the weights of a sample, as its `weight` in the configuration says.

    Args:
        raw: its array.
        given: the name of an array or column of the same file; `file`, and perhaps `key` and
            `column`; or None.

    Raises:
        InputError: there are none such.
    """
    if isinstance(given, Mapping):
        return open_column(given["file"], given.get("key"), given.get("column"))
    return None if given is None else beside(raw, given)


def unweight(raw: RawArray, rows: np.ndarray, weights: RawArray | None) -> Unweighting:
    """Keep rows of a sample with probabilities that are proportional to their weights.

    Whether a row is kept depends on its place among all rows of the sample, its weight and the
    largest weight of the chosen rows: not on how the files are divided or read.

    Args:
        raw: N rows.
        rows: those that are chosen, ascending.
        weights: of all N rows, (N,), in any unit; None where they have none, and all are kept.

    Raises:
        InputError: weights of another length or kind, or of chosen rows one that is negative or no
            finite number, or none that is not zero.
    """
    if weights is None:
        return Unweighting(rows, len(rows), float(len(rows)))
    if weights.shape != (raw.events,) or weights.dtype.kind not in "fiub":
        kind = "texts" if weights.dtype.kind in "SU" else weights.dtype
        raise InputError(
            weights.file,
            f"weights '{weights.key}' of shape {weights.shape}, {kind}",
            f"({raw.events},), a number for each row of '{raw.key}'",
            "weights belong to all rows of the sample's files, in the same order, before `rows` "
            "and `where`; 'name[2]' is a column of an array.",
        )
    found = np.concatenate([piece.astype(np.float64) for piece in weights.pieces()])[rows]
    _refuse(
        weights,
        rows,
        found,
        ~np.isfinite(found),
        "a finite weight for each jet",
        "leave these jets out with `where` or `rows`, or mend what wrote them.",
    )
    _refuse(
        weights,
        rows,
        found,
        found < 0,
        "weights >= 0: no jet can be kept with a negative probability",
        "take a sample of positive weights; those of a calculation at next-to-leading order can be "
        "made positive by resampling (doi:10.1140/epjc/s10052-022-10372-3) before it is read here.",
    )
    largest = found.max()
    if largest == 0:
        raise InputError(
            weights.file,
            f"weights '{weights.key}' that are zero in all {len(rows)} rows",
            "some that are not",
            "check `weight`, `where` and `rows` of this sample.",
        )
    shares = found / largest
    drawn = np.random.default_rng(SEED).random(raw.events)[rows]
    effective = shares.sum() ** 2 / np.square(shares).sum()
    left = Unweighting(rows[drawn < shares], len(rows), float(effective))
    log.info(
        "unweighted: %d kept, of an effective number of %.1f; %.1f%% of the statistics lost",
        *(len(left.rows), left.effective, 100 * left.lost),
    )
    return left


def _refuse(
    weights: RawArray,
    rows: np.ndarray,
    found: np.ndarray,
    marked: np.ndarray,
    wanted: str,
    hint: str,
) -> None:
    if marked.any():
        first = int(marked.argmax())
        file, row = weights.origin(int(rows[first]))
        raise InputError(
            file,
            f"weight {found[first]:g} in row {row} of '{weights.key}', {marked.sum()} such rows of "
            f"{len(rows)}",
            wanted,
            hint,
        )
