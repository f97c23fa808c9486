"""The parts of a scored sample, by their names."""

from collections.abc import Iterable

TRAIN = "normal_train"
VALIDATION = "normal_validation"
CONTROL = "normal_control"
SIGNAL = "signal"  # simulated anomalous jets, where they are given
# as figures call them; tests go by their names
LABELS = {TRAIN: "training", CONTROL: "control"}


def tests_of(parts: Iterable[str]) -> list[str]:
    """The names of the tests among the parts of a sample."""
    return [part for part in parts if not part.startswith("normal_") and part != SIGNAL]
