"""Predict with a supervised network which jets of a test without truth are anomalous."""

import numpy as np

from oddjet.common import logs
from oddjet.common.files import replacing
from oddjet.evaluate import supervised, supervised_inputs
from oddjet.train.torch_setup import CPU, set_up_torch

logs.set_up(snakemake.log[0])
given, smoothing = snakemake.input, snakemake.params.smoothing
set_up_torch(int(snakemake.wildcards.seed), snakemake.threads)
classifiers = supervised.load(given.networks, snakemake.wildcards.network, CPU)
jets = supervised_inputs.read_jets(classifiers[0].network, [(given.test, None)], smoothing, CPU)
with replacing(snakemake.output[0]) as partial:
    np.save(partial, supervised.probabilities(classifiers, jets), allow_pickle=False)
