"""The anomalous fraction where a simulation says how anomalous jets score."""

import numpy as np
from iminuit import Minuit
from iminuit.cost import Template

from oddjet.common.histograms import count, quantile_edges
from oddjet.common.parts import SIGNAL
from oddjet.estimate.given import Estimate, Given, normal

BINS = 20


def estimate(given: Given) -> dict[str, Estimate]:
    """The fractions of all tests, where simulated anomalous jets are given."""
    if SIGNAL not in given.scores:
        return {}
    signal = given.scores[SIGNAL]
    return {
        test: Estimate(normal(*template(given.control, signal, scores)))
        for test, scores in given.tests.items()
    }


def template(control: np.ndarray, signal: np.ndarray, test: np.ndarray) -> tuple[float, float]:
    """Fit the test with the histograms of control and simulated anomalous jets.

    The finite statistics of both are part of the error (Dembinski and Abdelmotteleb, Eur. Phys. J.
    C 82 (2022) 1043, arXiv:2206.12346, as iminuit has it).

    Args:
        control, signal, test: scores (n,), (s,) and (m,).

    Returns:
        The fraction, between 0 and 1, and its standard deviation.
    """
    edges = quantile_edges(np.concatenate([control, signal]), BINS)
    shapes = [count(control, edges), count(signal, edges)]
    # only the counts matter to the fit, not where its bins lie
    cost = Template(count(test, edges), np.arange(len(edges) + 2), shapes, method="da")
    minuit = Minuit(cost, len(test) / 2, len(test) / 2)
    minuit.limits = (0, None)
    minuit.migrad()
    minuit.limits = (None, None)  # a yield at its limit would have no uncertainty
    minuit.hesse()
    normal, anomalous = minuit.values
    total = normal + anomalous
    slope = np.array([-anomalous, normal]) / total**2
    variance = slope @ np.array(minuit.covariance) @ slope if minuit.covariance is not None else 1.0
    return float(anomalous / total), float(np.sqrt(variance))
