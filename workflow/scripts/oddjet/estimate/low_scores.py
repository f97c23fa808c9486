"""Which jets score as low as the anchor, where background alone is expected."""

from collections.abc import Mapping

import numpy as np

from oddjet.common.parts import CONTROL, tests_of


def low_scores(scores: Mapping[str, np.ndarray], anchor: float) -> dict[str, np.ndarray]:
    """Which jets of control and the tests score low, bool (N,).

    Args:
        scores: by sample part, (N,).
        anchor: share of the control jets whose scores, the lowest, count as low.
    """
    edge = np.quantile(scores[CONTROL], anchor, method="inverted_cdf")
    return {part: scores[part] <= edge for part in (CONTROL, *tests_of(scores))}
