"""One anomaly score from the trainings of several seeds."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from oddjet.common.parts import CONTROL, TRAIN, VALIDATION
from oddjet.common.scorefiles import read_scores


def read(paths: Iterable[str | Path], dataset: str) -> dict[str, np.ndarray]:
    """The `mean_rank` of a score that lies in a file of each seed."""
    return mean_rank([read_scores(path, dataset) for path in paths])


def rank(values: np.ndarray, control: np.ndarray) -> np.ndarray:
    """The share (n,) of control jets (c,) below each value, those that are equal by half.

    So a control jet counts half of itself, and has no other distribution of ranks than a jet that
    is none of them and could have been.
    """
    ordered = np.sort(control)
    below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return (below + not_above) / 2 / len(control)


def mean_rank(seeds: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Combine the seeds' errors into the mean of their ranks among the control jets.

    Errors of different trainings differ in scale; ranks do not, and the control part is the same
    for all seeds. So a score lies between 0 and 1.

    Args:
        seeds: for each seed the errors (N,) by sample part, `normal_control` among them.

    Returns:
        Scores (N,) of the control part and the tests: the parts that every seed scores alike.
    """
    combined = {}
    for part in seeds[0]:
        if part in (TRAIN, VALIDATION):
            continue  # other events for each seed
        ranks = [rank(errors[part], errors[CONTROL]) for errors in seeds]
        combined[part] = np.mean(ranks, axis=0)
    return combined


def mean(seeds: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The mean over seeds of scores (N,) by sample part, where they are on one scale."""
    return {part: np.mean([scores[part] for scores in seeds], axis=0) for part in seeds[0]}
