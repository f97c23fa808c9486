"""Simulate one batch of jets."""

import logging
import time

from oddjet.common import script
from oddjet.simulate import generators, simulation

script.begin(snakemake)
log = logging.getLogger("simulate_jets")

process, batch = snakemake.wildcards.process, int(snakemake.wildcards.batch)
seed = generators.derive_seed(snakemake.params.seed, process, batch)
log.info("Simulating %d %s jets, Pythia seed %d", snakemake.params.jets, process, seed)
start = time.perf_counter()
jets = simulation.generate_jets(process, snakemake.params.jets, seed)
log.info("%.1f jets per second", len(jets) / (time.perf_counter() - start))
simulation.write_jets(snakemake.output[0], jets)
