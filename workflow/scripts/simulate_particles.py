"""Simulate one batch of events as their particles."""

import logging
import time

from oddjet.common import hdf5_files, script
from oddjet.common.files import replacing
from oddjet.simulate import generators, olympics

script.begin(snakemake)
log = logging.getLogger("simulate_particles")

process, batch = snakemake.wildcards.process, int(snakemake.wildcards.batch)
seed = generators.derive_seed(snakemake.params.seed, process, batch)
log.info("Simulating %d %s events, Pythia seed %d", snakemake.params.events, process, seed)
start = time.perf_counter()
found = olympics.generate_particles(process, snakemake.params.events, seed)
log.info("%.1f events per second", len(found) / (time.perf_counter() - start))
with replacing(snakemake.output[0]) as partial, hdf5_files.create(partial) as target:
    target.create_dataset("particles", data=found, compression="gzip", shuffle=True)
