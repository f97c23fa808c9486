"""How many jets a classifier learns from, however many there are."""

import numpy as np

MOST = 100_000


def learnt_from(jets: np.ndarray) -> np.ndarray:
    """Jets (n, d) that a classifier learns from: every n-th, so that they are `MOST` at most."""
    return jets[:: max(-(-len(jets) // MOST), 1)]
