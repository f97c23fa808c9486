"""The normalised cross-correlation."""

import warnings

import torch
from torch import Tensor

LEAST_VARIANCE = 1e-12  # of an image, below which it has no contrast


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """One minus the normalised cross-correlation (n,), Pearson's coefficient over the pixels.

    An image without contrast is correlated with nothing: 1.
    """
    from torchmetrics.functional.regression import pearson_corrcoef

    flat = reconstructions.flatten(1), images.flatten(1)
    found = images.new_ones(len(images))
    # of the others alone: those have no gradient
    (rows,) = torch.where((flat[0].var(1) > LEAST_VARIANCE) & (flat[1].var(1) > LEAST_VARIANCE))
    if len(rows) == 0:
        return found + 0 * flat[0].sum(1)
    with warnings.catch_warnings():  # of images of little contrast
        warnings.simplefilter("ignore", UserWarning)
        correlation = pearson_corrcoef(*(pixels[rows].T.contiguous() for pixels in flat))
    return found.index_put((rows,), 1 - correlation.reshape(len(rows)))
