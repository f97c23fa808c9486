"""Score the jets of labelled tests by supervised networks that learnt from others."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import hdf5_files, scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.common.provenance import describe
from oddjet.common.tables import write
from oddjet.evaluate import supervised, supervised_inputs, truth
from oddjet.train import devices
from oddjet.train.torch_setup import set_up_torch

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
seed = int(snakemake.wildcards.seed)
truths = truth.read_truths(params.truths, given.truths)
tests = dict(zip(params.truths, given.tests, strict=True))
samples: dict[str, supervised_inputs.Sample] = {test: (path, None) for test, path in tests.items()}
if any(labels.all() for labels in truths.values()):  # their counterpart
    with h5py.File(given.normal) as normal:
        samples[CONTROL] = (given.normal, np.flatnonzero(normal["control"][:]))
    truths[CONTROL] = np.zeros(len(samples[CONTROL][1]), np.int8)
labels = np.concatenate(list(truths.values()))
fits = {}
with devices.leased(params.device, snakemake.resources.per_gpu) as device:
    for name, network in params.networks.items():
        set_up_torch(seed, snakemake.threads)  # whatever other networks there are
        jets = supervised_inputs.read_jets(
            network, list(samples.values()), params.smoothing, device
        )
        fits[name] = supervised.cross_fit(jets, labels, network, params.epochs, seed, device)

configuration = {name: params[name] for name in ("networks", "epochs", "smoothing")}
provenance = describe(configuration, tests, seed=seed, device=device.type)
borders = np.cumsum([len(part) for part in truths.values()])[:-1]
with replacing(made.scores) as partial, hdf5_files.create(partial) as target:
    for name, fit in fits.items():
        for part, found in zip(truths, np.split(fit.scores, borders), strict=True):
            target[f"{part}/{scorefiles.supervised(name)}"] = found.astype(np.float32)
    target.attrs.update(provenance)
histories = [fit.history.assign(network=name) for name, fit in fits.items()]
history = pd.concat(histories, ignore_index=True)
history.insert(0, "network", history.pop("network"))
write(history, made.history)
with replacing(made.networks) as partial:
    networks = {name: fit.classifiers for name, fit in fits.items()}
    supervised.save(partial, networks, provenance)
