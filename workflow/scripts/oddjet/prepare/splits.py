"""Which normal jets train, which stop the training, and which are held out.

Each draw depends on its seed and the number of events alone, never on the order of other draws.
"""

import numpy as np


def control_mask(events: int, control: float, seed: int) -> np.ndarray:
    """Mark the held-out control part, bool (events,), the same for all training seeds."""
    mask = np.zeros(events, bool)
    chosen = np.random.default_rng([seed, events]).permutation(events)[: round(control * events)]
    mask[chosen] = True
    return mask


def train_and_validation(
    control: np.ndarray, validation: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split what is not control into training and validation rows, both ascending.

    Args:
        control: mask (N,) of the control part.
        validation: share of the rest that goes to validation.
        seed: seed of the training, so that each seed has its own split.
    """
    rows = np.flatnonzero(~control)
    shuffled = np.random.default_rng([seed, len(rows)]).permutation(rows)
    held = round(validation * len(rows))
    return np.sort(shuffled[held:]), np.sort(shuffled[:held])
