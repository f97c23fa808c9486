"""Join the batches of a process's event images."""

import logging

import h5py
import numpy as np

from oddjet.common import script
from oddjet.simulate import layouts

script.begin(snakemake)
log = logging.getLogger("join_events")

batches = []
for batch in snakemake.input:
    with h5py.File(batch) as file:
        batches.append(file["event_image_data"][:])
images = np.concatenate(batches)[: snakemake.params.events]
layouts.write_events(snakemake.output[0], images)
objects = np.count_nonzero(images[..., -1], axis=(1, 2))
log.info("%d events with %.1f objects on average", len(images), objects.mean())
