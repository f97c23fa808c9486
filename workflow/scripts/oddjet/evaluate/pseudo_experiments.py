"""Pseudo-experiments: a normal sample and tests, drawn from jets whose truth is known.

They are drawn as an analysis assumes them, or distorted as real ones may be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from oddjet.common.parts import CONTROL, SIGNAL, TRAIN
from oddjet.estimate.tagger import tag
from oddjet.evaluate.pool import Pool

TESTS = ("first", "second")


@dataclass(frozen=True)
class Distortion:
    """What is not as an analysis assumes; the defaults distort nothing.

    Attributes:
        scale: all features, and the score, of the tests' background jets are multiplied by this ...
        smear: ... and by a normal number of this standard deviation about 1, each for itself.
        tilt: background jets are drawn for the tests with a probability that falls linearly with
            their rank in mass (of scores: in the score), from 1 + tilt at the heaviest to 1 - tilt.
        contamination: share of the normal jets that are anomalous.
        duplicates: share of a test's jets that are copies of others.
        heavy: share of the heavier half of the anomalous jets among those of the first test; they
            have the rest of the second. So the tests hold two kinds in different proportions.
    """

    scale: float = 1.0
    smear: float = 0.0
    tilt: float = 0.0
    contamination: float = 0.0
    duplicates: float = 0.0
    heavy: float = 0.5


@dataclass(frozen=True)
class Experiment:
    """One pseudo-experiment.

    Attributes:
        jets: by part, columns as of `Pool`, (n, d): `normal_control`, `signal` (the simulation that
            `template` is given), the tests and, of a tagger, `normal_train`.
        labels: by test, 0 normal and 1 anomalous, (n,).
    """

    jets: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]


def experiments(
    pool: Pool,
    events: int,
    pair: Sequence[float],
    repeats: int,
    seed: int | Sequence[int],
    distortion: Distortion = Distortion(),
) -> Iterator[Experiment]:
    """Draw pseudo-experiments with one or two tests.

    Scores are drawn with replacement, so that the labelled jets themselves are the truth. A tagger
    would know a jet again, so features are drawn without, as far as there are enough: the tests'
    background first (at most half of all there is), and the normal sample from what remains, at
    most as large as the run's. The number of anomalous jets is binomial. Half of them are kept as
    the simulation that `template` is given, and to contaminate the normal sample.

    Args:
        pool: the jets.
        events: jets of each test.
        pair: the anomalous fractions.
        repeats: number of experiments.
        seed: of the draw.
        distortion: of all experiments.
    """
    rng = np.random.default_rng(seed)
    mixed, simulated = np.array_split(rng.permutation(pool.signal), 2)
    for _ in range(repeats):
        yield _Draw(pool, rng, distortion).experiment(events, pair, mixed, simulated)


def tagged(experiment: Experiment, seed: int) -> dict[str, np.ndarray]:
    """The scores by part of a weak tagger that is trained on the features of an experiment."""
    apart = {part: experiment.jets[part] for part in (CONTROL, SIGNAL)}
    tests = {test: experiment.jets[test] for test in experiment.labels}
    return tag(experiment.jets[TRAIN], apart, tests, seed)


@dataclass(frozen=True)
class _Draw:
    """How the jets of one experiment are drawn."""

    pool: Pool
    rng: np.random.Generator
    distortion: Distortion

    def experiment(
        self, events: int, pair: Sequence[float], mixed: np.ndarray, simulated: np.ndarray
    ) -> Experiment:
        numbers = [int(self.rng.binomial(events, fraction)) for fraction in pair]
        background, normal = self._background(sum(events - number for number in numbers))
        jets = {SIGNAL: simulated}
        for part, size in ((CONTROL, self.pool.control), (TRAIN, self.pool.training)):
            if size:
                some = normal[part]
                bad = self.rng.random(len(some)) < self.distortion.contamination
                drawn = simulated[self.rng.integers(len(simulated), size=bad.sum())]
                jets[part] = some.copy()
                jets[part][bad] = drawn
        labels = {}
        shares = (self.distortion.heavy, 1 - self.distortion.heavy)
        left = np.arange(len(mixed))
        for name, number, heavy in zip(TESTS, numbers, shares, strict=False):
            anomalous, left = self._anomalous(mixed, left, number, heavy)
            some, background = np.split(background, [events - number])
            jets[name] = np.concatenate([some, anomalous])
            labels[name] = np.repeat([0, 1], [events - number, number])
            copies = self.rng.random(events) < self.distortion.duplicates
            copied = self.rng.integers(events, size=copies.sum())
            for values in (jets[name], labels[name]):
                values[copies] = values[copied]
        return Experiment(jets, labels)

    def _background(self, wanted: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Background jets of all tests, and the parts of the normal sample."""
        jets, rng = self.pool.background, self.rng
        ranks = self._order(jets).argsort().argsort() / max(len(jets) - 1, 1)
        weights = 1 + self.distortion.tilt * (2 * ranks - 1)
        if self.pool.training:
            # those that are passed over are of neither: what remains is not tilted the other way
            order = rng.permutation(len(jets))
            taken = np.flatnonzero(rng.random(len(jets)) < weights[order] / weights.max())
            taken = taken[: min(wanted, len(jets) // 2)]
            rows, rest = order[taken], order[taken.max(initial=-1) + 1 :]
            if wanted > len(rows):
                rows = rng.choice(rows, wanted)
            sizes = np.array([self.pool.control, self.pool.training])
            control, training = (sizes * min(1.0, len(rest) / sizes.sum())).astype(int)
            normal = {CONTROL: rest[:control], TRAIN: rest[control : control + training]}
        else:
            rows = rng.choice(len(jets), wanted, p=weights / weights.sum())
            normal = {CONTROL: rng.integers(len(jets), size=self.pool.control)}
        found = jets[rows] * self.distortion.scale
        if self.distortion.smear:
            found *= rng.normal(1, self.distortion.smear, found.shape)
        return found, {part: jets[some] for part, some in normal.items()}

    def _anomalous(
        self, mixed: np.ndarray, left: np.ndarray, number: int, heavy: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Anomalous jets (number, ...) of a test, and the rows that are left for another one."""
        order = self._order(mixed)
        weights = np.where(order > np.median(order), heavy, 1 - heavy)
        possible = left[weights[left] > 0]
        if self.pool.training and number <= len(possible):
            share = weights[possible] / weights[possible].sum()
            rows = self.rng.choice(possible, number, replace=False, p=share)
            return mixed[rows], np.setdiff1d(left, rows)
        return mixed[self.rng.choice(len(mixed), number, p=weights / weights.sum())], left

    def _order(self, jets: np.ndarray) -> np.ndarray:
        return jets[:, self.pool.ordering]
