"""How many anomalous jets the normal sample may hold itself.

With a share c of them among the normal jets and f in a test, no scores are more than f / c times as
frequent in the test as in the normal sample: the larger the ratio where it is largest, the fewer
anomalous jets the normal sample holds (the reducibility factor of mixed samples: Metodiev and
Thaler, Phys. Rev. Lett. 120 (2018) 241602, arXiv:1802.00008).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from oddjet.common.parts import CONTROL, tests_of
from oddjet.estimate.discovery import background_log_p_value, significance
from oddjet.estimate.overlap import overlap
from oddjet.estimate.trust import VISIBLE

HIGHEST = 1 / 3  # share of the anomalous jets, those of the highest scores, to compare by
LEVEL = 0.84  # of the one-sided limit: one standard deviation


@dataclass(frozen=True)
class Contamination:
    """What is known of the anomalous jets in the normal sample.

    Attributes:
        fraction: their share.
        uncertainty: its standard deviation; `auto` where it is known by `most` alone.
        most: as the function of this name finds it. Where it finds nothing, no anomalous jets are
            known that could be in the normal sample.
    """

    fraction: float
    uncertainty: float | Literal["auto"]
    most: float | None

    def allowance(self, fraction: float) -> tuple[float, float]:
        """How much lower and higher than a test's `fraction` its truth may lie.

        The fraction is c + (1 - c) r (`contaminated`), and r is what is measured. What is not
        excluded counts as one standard deviation.
        """
        slope = abs(1 - fraction) / (1 - self.fraction)
        if self.uncertainty == "auto":
            return 0.0, slope * max((self.most or 0.0) - self.fraction, 0.0)
        return slope * self.uncertainty, slope * self.uncertainty


def most(scores: Mapping[str, np.ndarray], anchor: float, overdispersion: float) -> float | None:
    """The largest share of anomalous jets in the normal sample that the tests do not exclude.

    The ratio of test to normal jets is taken where a third of the anomalous jets would be if all
    others scored lower, which no fluctuation chooses. Background jets among them make it smaller
    and the limit looser, never tighter.

    Args:
        scores: by sample part, control and the tests, (N,).
        anchor: as of `joint`.
        overdispersion: as of `Given`.

    Returns:
        The upper limit of the share, in 0 to 1; None where no excess is visible, and nothing known
        of anomalous jets.
    """
    control, tests = scores[CONTROL], [scores[test] for test in tests_of(scores)]
    seen = max(significance(background_log_p_value(control, one, overdispersion)) for one in tests)
    # of all tests together, as it reads with a pure normal sample
    fraction = overlap(control, tests, anchor).fraction
    stacked = np.concatenate(tests)
    jets = round(HIGHEST * fraction * len(stacked))
    if seen < VISIBLE or jets < 1:
        return None
    edge = np.sort(stacked)[-jets]
    normal, above = (int((part >= edge).sum()) for part in (control, stacked))
    # of the jets there, the largest share of normal ones (Clopper and Pearson)
    share = stats.beta.ppf(LEVEL, normal + 1, above)
    ratio = (1 - share) / share * len(control) / len(stacked)
    # with a share c a fraction reads r = (f - c) / (1 - c), and c = f / ratio
    room = ratio - 1 + fraction
    return float(min(fraction / room, 1.0)) if room > 0 else 1.0
