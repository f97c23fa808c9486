"""Names that several stages share: of the parts of a scored sample, and of what tables hold."""

from collections.abc import Iterable

TRAIN = "normal_train"
VALIDATION = "normal_validation"
CONTROL = "normal_control"
SIGNAL = "signal"  # simulated anomalous jets, where they are given
WEAK = "weak"  # the model that the weak tagger is in tables and folders
BASELINE = "baseline"  # the model that all baselines are in tables
UNDISTORTED = "none"  # the distortion of pseudo-experiments with jets as they are
# Without signal the number of a test's jets that the tagger scores high fluctuates more than that
# of independent jets, as a ratio of standard deviations: 533 tests of 300 to 3,000 jets have
# 1.13 to 1.21 beyond the quantiles from 0.3 to 0.98, each +- 0.04.
OVERDISPERSION = 1.15
TAGGER_SCORE = "score"  # what the weak tagger says of the jets of a part
TAGGER_FOLD = "fold"  # of which fold in each bag its classifiers are that say it


def label(part: str) -> str:
    """What figures call a part; tests go by their names."""
    return {TRAIN: "training", CONTROL: "control"}.get(part, part)


def tests_of(parts: Iterable[str]) -> list[str]:
    """The names of the tests among the parts of a sample."""
    return [part for part in parts if not part.startswith("normal_") and part != SIGNAL]
