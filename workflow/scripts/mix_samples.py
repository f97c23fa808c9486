"""Mix the batches of simulated jets into a normal sample and labelled test samples."""

import logging

from oddjet.common import script
from oddjet.simulate import simulation

script.begin(snakemake)
log = logging.getLogger("mix_samples")

samples = simulation.mix_samples(
    simulation.read_jets(snakemake.input.background),
    simulation.read_jets(snakemake.input.signal),
    snakemake.params.normal,
    snakemake.params.tests,
    snakemake.params.seed,
)
files = [snakemake.output.normal, *snakemake.output.tests]
truth = {}
for (name, (labels, jets)), file in zip(samples.items(), files, strict=True):
    images = simulation.jet_images(jets, **snakemake.params.image)
    simulation.save_npz(file, **{"normal_data" if name == "normal" else "test_data": images})
    log.info("%s: %d jets, %d of them signal", name, len(jets), labels.sum())
    if name != "normal":
        truth[f"{name}_labels"] = labels
    truth |= {f"{name}_{quantity}": values for quantity, values in jets.truth.items()}
simulation.save_npz(snakemake.output.truth, **truth)
