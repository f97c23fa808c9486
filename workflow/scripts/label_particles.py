"""Put the events of two processes in random order and write them, labelled, in a public layout."""

import logging

import h5py
import numpy as np

from oddjet.common import script
from oddjet.simulate import generators, layouts

script.begin(snakemake)
log = logging.getLogger("label_particles")

parts = []
for role in ("background", "signal"):
    batches = []
    for batch in snakemake.input[role]:
        with h5py.File(batch) as file:
            batches.append(file["particles"][:])
    parts.append(np.concatenate(batches)[: snakemake.params[role]])
events = np.concatenate(parts)
labels = np.repeat(np.array([0, 1], np.int8), [len(part) for part in parts])
seed = generators.derive_seed(snakemake.params.seed, "shuffle")
order = np.random.default_rng(seed).permutation(len(events))
layouts.write_particles(snakemake.output[0], events[order], labels[order])
log.info("%d events, %d of them signal", len(events), labels.sum())
