"""How much lower a fraction reads because anomalous jets score as low as the anchor.

With a share T(A) of the anomalous jets in the anchor A the anchored fraction 1 - M(A) / B(A) is
f (1 - T(A) / B(A)). No data say what T(A) is: from the scores alone only a lower bound of f follows
(Blanchard, Lee and Scott, J. Mach. Learn. Res. 11 (2010) 2973). What can be seen is the density of
the tests just above the anchor. If the ratio of the densities of anomalous and background jets
falls from there to zero at the lowest scores no slower than along a straight line, the leak follows
from the step between anchor and edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from oddjet.estimate.estimators.joint import BINS, binned

EDGE = 0.2  # share of control above the anchor in which the step is measured


@dataclass(frozen=True)
class Overlap:
    """What the tests together say of the leak.

    Attributes:
        leak: f T(A) / B(A) of all tests pooled, how much lower their fraction reads, and its
            standard deviation `deviation`.
        fraction: 1 - M(A) / B(A) of all tests pooled.
        jets: of all tests.
    """

    leak: float
    deviation: float
    fraction: float
    jets: int

    @property
    def least(self) -> float:
        """The leak in units of the fraction, one standard deviation below its estimate; at least 0.

        Infinite where the pooled fraction is not above zero although there is a leak.
        """
        leak = max(self.leak - self.deviation, 0.0)
        if leak == 0.0:
            return 0.0
        return leak / self.fraction if self.fraction > 0 else np.inf

    def allowance(self, fraction: float, jets: int) -> float:
        """How much higher than a test's `fraction` its truth may lie, about one standard deviation.

        The leak and its uncertainty in quadrature: where few jets leave open whether there is a
        leak, there may be one. All tests hold the same anomalous jets: each has its share of it, at
        most as if all were in this test of so many `jets`.
        """
        pooled = np.hypot(max(self.leak, 0.0), self.deviation)
        share = fraction / self.fraction if self.fraction > 0 else 1.0
        return float(pooled * np.clip(share, 0.0, self.jets / jets))


def overlap(control: np.ndarray, tests: Sequence[np.ndarray], anchor: float) -> Overlap:
    """Measure the step of the tests' density above the anchor.

    With t the density ratio at the edge, linear down to zero at the lowest score, the mean of t
    below the anchor a is t a / (2 a + e) for an edge of width e, each a share of control. The step
    is f t less what leaks.

    Args:
        control: scores (n,).
        tests: scores (m,) of each test.
        anchor: as of `joint`.
    """
    counts, stacked, bins = binned(control, tests, anchor)
    edge = slice(bins, bins + max(1, round(EDGE * BINS)))
    below, step = _ratio(counts, stacked, slice(bins)), _ratio(counts, stacked, edge)
    anchored, width = counts[:bins].sum(), counts[edge].sum()
    share = anchored / (2 * anchored + width)
    scale = share / (1 - share)
    return Overlap(
        leak=float(scale * (step[0] - below[0])),
        deviation=float(scale * np.hypot(step[1], below[1])),
        fraction=float(1 - below[0]),
        jets=int(stacked.sum()),
    )


def _ratio(control: np.ndarray, tests: np.ndarray, bins: slice) -> tuple[float, float]:
    """M / B of all tests together in some bins, and its standard deviation."""
    jets, background = tests[:, bins].sum(), control[bins].sum()
    m, n = tests.sum(), control.sum()
    if background == 0:
        return 1.0, 1.0  # nothing is known
    ratio = jets / m / (background / n)
    # where there is no jet there is room for one
    return ratio, max(ratio, n / background / m) * np.sqrt(1 / max(jets, 1) + 1 / background)
