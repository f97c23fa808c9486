"""Images rotated, flipped and shifted at random while a model learns."""

from collections.abc import Mapping

import torch
from torch import Tensor


def augment(images: Tensor, wanted: Mapping[str, bool], generator: torch.Generator) -> Tensor:
    """Change each image by steps that leave its kind alone, drawn anew for each image.

    Rows are eta and columns are phi.

    Args:
        images: (n, C, H, W).
        wanted: `rotate` by a random multiple of 90 degrees, for square images; `flip_eta` and
            `flip_phi`, with probability one half; `shift_phi`, a random cyclic shift of
            the columns.
        generator: on the CPU, of all draws.

    Raises:
        ValueError: `rotate` is wanted of images that are not square.
    """
    many, _, height, width = images.shape

    def chosen() -> Tensor:
        drawn = torch.rand(many, generator=generator) < 0.5
        return drawn.to(images.device, non_blocking=True)[:, None, None, None]

    if wanted["rotate"]:
        if height != width:
            raise ValueError(f"images of {height} x {width} pixels cannot be rotated by 90 degrees")
        images = torch.where(chosen(), images.rot90(1, (2, 3)), images)
        images = torch.where(chosen(), images.rot90(2, (2, 3)), images)
    if wanted["flip_eta"]:
        images = torch.where(chosen(), images.flip(2), images)
    if wanted["flip_phi"]:
        images = torch.where(chosen(), images.flip(3), images)
    if wanted["shift_phi"]:
        shift = torch.randint(width, (many, 1), generator=generator)
        shift = shift.to(images.device, non_blocking=True)
        columns = (torch.arange(width, device=images.device) - shift) % width
        images = images.gather(3, columns[:, None, None, :].expand_as(images))
    return images
