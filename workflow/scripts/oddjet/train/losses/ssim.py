"""The structural similarity."""

from torch import Tensor


def error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """One minus the structural similarity (n,) of images of range 1 (Wang et al. 2004)."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    found = structural_similarity_index_measure(
        reconstructions.float(), images.float(), reduction="none", data_range=1.0
    )
    assert isinstance(found, Tensor)
    return 1 - found.flatten()
