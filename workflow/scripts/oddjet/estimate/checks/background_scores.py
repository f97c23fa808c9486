"""Whether low scores of a test are distributed as those of control jets."""

import numpy as np
from scipy import stats

from oddjet.common.parts import CONTROL
from oddjet.estimate.check import LEAST_JETS, Sample


def check(sample: Sample, test: str) -> dict[str, float]:
    """`same_scores` of the low scores of a test and of control."""
    return same_scores(*(sample.scores[part][sample.low[part]] for part in (test, CONTROL)))


def same_scores(test: np.ndarray, control: np.ndarray) -> dict[str, float]:
    """Whether two samples of scores (m,) and (n,) come from one distribution.

    The two-sample test of Cramer and von Mises (Anderson, Ann. Math. Stat. 33 (1962) 1148). Equal
    scores, as ranks among few control jets often are, are put in order at random: the distribution
    of the statistic is that of numbers which differ.
    """
    if min(len(test), len(control)) < LEAST_JETS:
        return {"statistic": np.nan, "p_value": np.nan}
    pooled = np.concatenate([test, control])
    order = np.lexsort((np.random.default_rng(0).random(len(pooled)), pooled))
    places = np.empty(len(pooled))
    places[order] = np.arange(len(pooled))
    found = stats.cramervonmises_2samp(places[: len(test)], places[len(test) :])
    return {"statistic": float(found.statistic), "p_value": float(found.pvalue)}
