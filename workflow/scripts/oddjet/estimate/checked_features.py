"""What low-score jets of a test and of control are compared by."""

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from oddjet.common import scorefiles
from oddjet.common.parts import CONTROL
from oddjet.estimate import feature_files

# what the preprocessing takes away can tell backgrounds apart that look alike behind it
BESIDE_LATENTS = ("pt", "lit_pixels")


def read(
    scores: str | Path,
    anomaly_score: str,
    normal: str | Path,
    tests: Mapping[str, str | Path],
    exclude: Collection[str],
) -> dict[str, np.ndarray]:
    """Read what is known of the jets that a training scored, but what its own score hides.

    Args:
        scores: the file of one training.
        anomaly_score: the name of its score there.
        normal: the prepared normal sample.
        tests: by test, the prepared sample.
        exclude: features to leave out.

    Returns:
        By part, control and the tests: of an autoencoder its score, two features and its latents,
        (N, 3 + latent); of what has no latents, as the weak tagger, all features, (N, d).
    """
    names = feature_files.names_of(normal, exclude)
    latents = scorefiles.read_scores(scores, "latent")
    if latents:
        names = list(BESIDE_LATENTS)
        own = scorefiles.read_scores(scores, anomaly_score)
    jets = scorefiles.read_identities(scores)
    found = {}
    for part, path in {**tests, CONTROL: normal}.items():
        found[part] = feature_files.read_of(path, names, jets[part])
        if latents:
            found[part] = np.hstack([own[part][:, None], found[part], latents[part]])
    return found
