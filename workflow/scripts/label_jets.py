"""Put the jets of two processes in random order and write them, labelled, in a public layout."""

import logging

from oddjet.common import script
from oddjet.simulate import layouts, simulation

script.begin(snakemake)
log = logging.getLogger("label_jets")

background, signal = (
    simulation.read_jets(snakemake.input[role]).take(range(snakemake.params[role]))
    for role in ("background", "signal")
)
labels, jets = simulation.shuffle(background, signal, snakemake.params.seed)
layouts.JET_LAYOUTS[snakemake.wildcards.layout](snakemake.output[0], jets, labels)
log.info("%d jets, %d of them signal", len(jets), labels.sum())
