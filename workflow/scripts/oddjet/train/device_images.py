"""Jet images on the computing device: sparse in its memory, dense and normalised by the batch."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from oddjet.prepare.sparse import SparseImages
from oddjet.train.normalisation import MinMax

BATCH = 256  # events at once where nothing is learnt
KEPT = 2**28  # bytes of dense images that are kept


class DeviceImages:
    """N sparse images on a device, drawn from it as dense normalised batches of a `dtype`.

    With `keep` they are made dense and normalised once, if that takes no more than `KEPT` bytes;
    else, and where they are gone through once, batch by batch, again each time.
    """

    def __init__(
        self,
        images: SparseImages,
        normalisation: MinMax,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        keep: bool = False,
    ) -> None:
        self.shape = images.shape
        self.normalisation = normalisation
        self.lit = torch.as_tensor(np.diff(images.offsets))  # how many, by image; not on the device
        self.offsets = torch.as_tensor(images.offsets, device=device)
        self.pixels = torch.as_tensor(images.pixels.astype(np.int32), device=device)
        self.values = torch.as_tensor(images.values, dtype=dtype, device=device)
        self.kept: Tensor | None = None
        if keep and len(self) * int(np.prod(self.shape)) * self.values.itemsize <= KEPT:
            self.kept = torch.cat(list(self.batches()))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def dense(self, rows: Tensor) -> Tensor:
        """The images (n, C, H, W) at `rows` (n,), which are in main memory.

        The device is not waited for.
        """
        lit = 0 if self.kept is not None else int(self.lit[rows].sum())
        rows = rows.to(self.offsets.device, non_blocking=True)
        if self.kept is not None:
            return self.kept.index_select(0, rows)  # in a third of the time of [rows]
        start, counts = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        event = torch.repeat_interleave(counts, output_size=lit)
        ends = torch.cumsum(counts, 0)
        place = torch.arange(lit, device=event.device) + (start - ends + counts)[event]
        images = self.values.new_zeros(len(rows), int(np.prod(self.shape)))
        images[event, self.pixels[place].long()] = self.values[place]
        return self.normalisation(images.view(-1, *self.shape))

    def batches(self) -> Iterator[Tensor]:
        """All images in order, a batch at a time."""
        for rows in torch.arange(len(self)).split(BATCH):
            yield self.dense(rows)


def fit_min_max(images: SparseImages, smoothing: float, device: torch.device) -> MinMax:
    """The normalisation whose constants are those of the training part, smoothed."""
    unscaled = DeviceImages(images, MinMax.none(images.shape[0], smoothing), device)
    lowest, highest = [], []
    for batch in unscaled.batches():
        lowest.append(batch.amin((0, 2, 3)))
        highest.append(batch.amax((0, 2, 3)))
    minimum, maximum = torch.stack(lowest).amin(0), torch.stack(highest).amax(0)
    return MinMax(tuple(minimum.tolist()), tuple(maximum.tolist()), smoothing)
