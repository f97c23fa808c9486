"""The normalised cross-correlation."""

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-12  # of an image, below which it has no contrast


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """One minus the normalised cross-correlation (n,), Pearson's coefficient over the pixels.

    An image without contrast is correlated with nothing: 1.
    """
    # no branch on how many have contrast: a GPU would be waited for, and no graph could hold it
    x, y = (
        flat - flat.mean(1, keepdim=True)
        for flat in (images.flatten(1), reconstructions.flatten(1))
    )
    variances = torch.stack([x.square().mean(1), y.square().mean(1)])
    contrast = (variances > LEAST_VARIANCE).all(0)
    # those without have no gradient
    norm = torch.where(contrast, variances, 1.0).sqrt().prod(0)
    return 1 - torch.where(contrast, (x * y).mean(1) / norm, 0.0)
