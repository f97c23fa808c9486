"""Simulate one batch of event images."""

import logging
import time

from oddjet.common import script
from oddjet.simulate import events, generators, layouts

script.begin(snakemake)
log = logging.getLogger("simulate_events")

process, batch = snakemake.wildcards.process, int(snakemake.wildcards.batch)
seed = generators.derive_seed(snakemake.params.seed, process, batch)
log.info("Simulating %d %s events, Pythia seed %d", snakemake.params.events, process, seed)
start = time.perf_counter()
images = events.generate_events(process, snakemake.params.events, seed)
log.info("%.1f events per second", len(images) / (time.perf_counter() - start))
layouts.write_events(snakemake.output[0], images)
