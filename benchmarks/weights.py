"""How often the headline's 68% interval holds the truth where samples are weighted.

`python benchmarks/weights.py`
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from oddjet.common.parts import CONTROL
from oddjet.estimate.estimators import joint
from oddjet.estimate.given import Given
from oddjet.prepare.arrays import RawArray
from oddjet.prepare.weights import unweight

CONTROL_JETS, TEST_JETS = 30_000, 8_000  # before they are unweighted
TRUTHS = {"low": 0.15, "high": 0.45}  # of the weights, not of the numbers of jets
NORMAL, ANOMALOUS = (-2.0, 0.0), (-1.3, 0.0)  # decades of the weights
SETTINGS = {"max_fpr": 0.1, "fpr_confidence": 0.95, "anchor": 0.5, "bootstrap": 100}


@dataclass(frozen=True)
class Weights(RawArray):
    """Weights that lie in no file."""

    values: np.ndarray

    def _pieces(self, rows: int, start: int) -> Iterator[np.ndarray]:
        yield self.values[start:]


def mean_weight(decades: tuple[float, float]) -> float:
    """Of weights that are even in their logarithm."""
    low, high = decades
    return (10**high - 10**low) / (np.log(10) * (high - low))


def draw(
    rng: np.random.Generator, jets: int, decades: tuple[float, float], score: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and weights (n,); jets of small weights have higher scores, as hard ones may."""
    decade = rng.uniform(*decades, jets)
    return rng.normal(score - 0.5 * decade, 1), 10**decade


def toy(seed: int, weighted: bool = True) -> dict[str, tuple[float, float, float]]:
    """Of each test the fraction and the ends of its 68% interval, in a pseudo-experiment.

    Args:
        seed: of the draw.
        weighted: whether the weights are used, and not all jets taken as they are.
    """
    rng = np.random.default_rng([seed, 5])
    samples = {CONTROL: [draw(rng, CONTROL_JETS, NORMAL, 0)]}
    for test, fraction in TRUTHS.items():
        odds = fraction / (1 - fraction) * mean_weight(NORMAL) / mean_weight(ANOMALOUS)
        anomalous = rng.binomial(TEST_JETS, odds / (1 + odds))
        samples[test] = [
            draw(rng, TEST_JETS - anomalous, NORMAL, 0),
            draw(rng, anomalous, ANOMALOUS, 4),
        ]
    scores = {}
    for part, several in samples.items():
        found, weights = (np.concatenate(values) for values in zip(*several, strict=True))
        order = rng.permutation(len(found))
        raw = Weights("toy", "weights", weights.shape, weights.dtype, weights[order])
        kept = unweight(raw, np.arange(len(order)), raw if weighted else None).rows
        scores[part] = found[order][kept]
    return {test: one.at(0.68) for test, one in joint.estimate(Given(scores, **SETTINGS)).items()}


def main() -> None:
    """Print bias and coverage with the weights, and without them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--toys", type=int, default=500)
    toys = parser.parse_args().toys
    for weighted in (True, False):
        found = [toy(seed, weighted) for seed in range(toys)]
        for test, truth in TRUTHS.items():
            values, low, high = np.array([one[test] for one in found]).T
            inside = ((low <= truth) & (truth <= high)).mean()
            print(
                f"weights {'used' if weighted else 'ignored'}, {test} {truth}: mean "
                f"{values.mean():.4f} +- {values.std() / toys**0.5:.4f}, 68% intervals hold it in "
                f"{inside:.3f} of {toys}"
            )


if __name__ == "__main__":
    main()
