"""Predict with a supervised network which jets of a test without truth are anomalous."""

import numpy as np

from oddjet import logs, supervised
from oddjet.files import replacing
from oddjet.tensors import CPU, make_repeatable

logs.set_up(snakemake.log[0])
given, name = snakemake.input, snakemake.wildcards.network
make_repeatable(int(snakemake.wildcards.seed), snakemake.threads)
classifiers = supervised.load(given.networks, name, CPU)
jets = supervised.read_jets(
    name, classifiers[0].network, [(given.test, None)], snakemake.params.smoothing, CPU
)
with replacing(snakemake.output[0]) as partial:
    np.save(partial, supervised.probabilities(classifiers, jets), allow_pickle=False)
