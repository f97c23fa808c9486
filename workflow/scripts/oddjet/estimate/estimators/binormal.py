"""The binormal model: anomalous jets normally distributed where control jets are.

Scores enter by their rank alone: on the axis z = Phi^-1(rank among control) the background follows
the standard normal distribution, and the anomalous jets are taken to follow a normal one of another
mean and width. Their ROC curve is then that of Dorfman and Alf (J. Math. Psychol. 6 (1969) 487),
which describes most unimodal scores. The fraction is where this ROC curve ends, an extrapolation
beyond all scores that were seen, as in arXiv:2205.04459; no region needs to be free of signal.
"""

import numpy as np
from iminuit import Minuit
from scipy import special

from oddjet.common.histograms import count, quantile_edges
from oddjet.estimate.given import Estimate, Given, normal

BINS = 40
STARTS = ((0.1, 1.0), (0.5, 1.0), (0.5, 2.5))  # of the fraction and of the mean
WIDTHS = (0.2, 2.0)  # of anomalous jets, in those of control


def estimate(given: Given) -> dict[str, Estimate]:
    """The fraction of each test by itself."""
    return {
        test: Estimate(normal(*binormal(given.control, scores)))
        for test, scores in given.tests.items()
    }


def binormal(control: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    """Fit a test with the background of control and normally distributed anomalous jets.

    A multinomial likelihood of counts in quantiles of control, whose own statistics widen the
    uncertainty by the square root of 1 + m / n.

    Args:
        control, test: scores (n,) and (m,).

    Returns:
        The fraction, between 0 and 1, and its standard deviation, which is 1 where the scores
        say nothing.
    """
    edges = quantile_edges(control, BINS)
    background, seen = count(control, edges), count(test, edges)
    if np.count_nonzero(background) < 2:
        return 0.0, 1.0
    share = background / background.sum()
    z = special.ndtri(np.cumsum(share)[:-1])

    def minus_log_likelihood(fraction: float, mean: float, width: float) -> float:
        below = special.ndtr((z - mean) / width)
        anomalous = np.diff(below, prepend=0.0, append=1.0)
        expected = (1 - fraction) * share + fraction * anomalous
        return float(-np.sum(seen * np.log(np.maximum(expected, 1e-12))))

    best: Minuit | None = None
    for fraction, mean in STARTS:
        minuit = Minuit(minus_log_likelihood, fraction, mean, 1.0)
        minuit.errordef = Minuit.LIKELIHOOD
        minuit.limits = [(0, 1), (0, 6), WIDTHS]
        minuit.migrad()
        if best is None or minuit.fval < best.fval:
            best = minuit
    assert best is not None
    best.limits = (None, None)  # beside a limit Hesse's errors vanish
    best.hesse()
    if not best.accurate:  # too few anomalous jets to know their mean and width
        best.fixed[1:] = True
        best.hesse()
    deviation = best.errors["fraction"] * np.sqrt(1 + len(test) / len(control))
    return float(best.values["fraction"]), float(np.nanmin([deviation, 1.0]))
