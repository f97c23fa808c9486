"""Predict with a supervised network which jets of a test without truth are anomalous."""

import h5py
import numpy as np

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.scorefiles import identities, identities_in
from oddjet.evaluate import supervised, supervised_inputs
from oddjet.train.torch_setup import CPU, set_up_torch

script.begin(snakemake)
given, smoothing = snakemake.input, snakemake.params.smoothing
set_up_torch(int(snakemake.wildcards.seed), snakemake.threads)
classifiers = supervised.load(given.networks, snakemake.wildcards.network, CPU)
jets = supervised_inputs.read_jets(classifiers[0].network, [(given.test, None)], smoothing, CPU)
with h5py.File(given.test) as test:
    there = identities_in(test)
    of_events = test["left_out_jet"][:] if "left_out_jet" in test else None
    left_out = identities(test["left_out"][:], of_events)
# a value for each jet that was asked for, nan where there is none
predicted = np.full(len(there) + len(left_out), np.nan, np.float32)
rows = np.sort(np.concatenate([there, left_out]))
predicted[np.searchsorted(rows, there)] = supervised.probabilities(classifiers, jets)
with replacing(snakemake.output[0]) as partial:
    np.save(partial, predicted, allow_pickle=False)
