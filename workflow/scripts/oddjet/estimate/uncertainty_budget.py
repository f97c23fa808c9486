"""What the uncertainty of the headline fraction is made of."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL, tests_of
from oddjet.estimate import background, contaminated
from oddjet.estimate.contamination import Contamination
from oddjet.estimate.declared import ENVELOPE, ESTIMATORS
from oddjet.estimate.estimators.joint import binned, fit
from oddjet.estimate.overlap import Overlap

MANY = 1000  # times as many control jets have next to no statistical uncertainty


def budget(
    fractions: pd.DataFrame,
    scores: Mapping[str, np.ndarray],
    overlap: Overlap,
    contamination: Contamination,
    tilt: float,
    headline: str,
    anchor: float,
    confidence: float,
    overdispersion: float = 1.0,
) -> list[dict]:
    """List the uncertainties of the ensemble's headline fraction, for each test.

    `test jets` and `control jets` are the statistical parts of `joint`, which add in quadrature;
    other estimators have `statistics` in one. `seeds` is the spread over seeds: they share their
    jets, so it does not shrink with their number. `overlap` is how much higher the
    fraction may be because of anomalous jets that score as low as the anchor; `estimators` reaches
    to the lower and the higher of `joint` and `bbe`. `contamination` is how far the
    fraction may be off because of anomalous jets in the normal sample, `background` because the
    tests' background is not quite that of normal jets.

    Args:
        fractions: of one model, as tables/fractions.csv.
        scores: the ensemble's, by sample part, (N,).
        overlap: of all tests.
        contamination: of the normal sample.
        tilt: of the tests' background, as of `background.allowance`.
        headline: the estimator.
        anchor: as of `joint`.
        confidence: of the intervals in `fractions`.
        overdispersion: as of `Given`.

    Returns:
        A row per test and source: `test, source, down, up`, both positive or zero.
    """
    control, tests = scores[CONTROL], tests_of(scores)
    samples = [scores[test] for test in tests]
    counts, stacked, bins = binned(control, samples, anchor)
    whole, of_tests = (fit(n, stacked, bins)[1] for n in (counts, counts * MANY))
    reach = sigmas(confidence)
    statistical = reach * overdispersion * (1 - contamination.fraction)
    rows = []
    for number, test in enumerate(tests):
        here = fractions[(fractions.test == test)]
        ensemble = here[here.seed == "ensemble"].set_index("estimator")
        quoted = ensemble.loc[headline]
        sources = {"statistics": (quoted.fraction - quoted.low, quoted.high - quoted.fraction)}
        if headline == "joint":
            variance = min(of_tests[number, number], whole[number, number])
            rest = whole[number, number] - variance
            sources = {
                "test jets": (statistical * variance**0.5,) * 2,
                "control jets": (statistical * rest**0.5,) * 2,
            }
        if ESTIMATORS[headline].leans_on_anchor:
            share = contamination.fraction
            beside = contaminated.relative(quoted.fraction, share)
            leak = overlap.allowance(beside, len(scores[test]))
            sources["overlap"] = (0.0, reach * (1 - share) * leak)
        if contamination.uncertainty and headline != "cut":
            down, up = contamination.allowance(quoted.fraction)
            sources["contamination"] = (reach * down, reach * up)
        if tilt:
            sources["background"] = (
                reach * background.allowance(quoted.fraction, tilt, anchor),
            ) * 2
        seeds = here[(here.seed != "ensemble") & (here.estimator == headline)].fraction
        sources["seeds"] = (reach * seeds.std() if len(seeds) > 1 else 0.0,) * 2
        envelope = ensemble.fraction[ensemble.index.isin(ENVELOPE)]
        sources["estimators"] = _reach(quoted.fraction, envelope)
        rows += [
            {"test": test, "source": source, "down": down, "up": up}
            for source, (down, up) in sources.items()
        ]
    return rows


def _reach(fraction: float, others: np.ndarray | pd.Series) -> tuple[float, float]:
    """How far the others reach below and above a fraction."""
    return max(fraction - others.min(), 0.0), max(others.max() - fraction, 0.0)
