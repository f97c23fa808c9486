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
tests = dict(zip(params.truths, given.tests, strict=True))
with h5py.File(given.normal) as normal:
    control = np.flatnonzero(normal["control"][:])
labels = truth.with_control(truth.read_truths(params.truths, given.truths), len(control))
samples: dict[str, supervised_inputs.Sample] = {
    part: (given.normal, control) if part == CONTROL else (tests[part], None) for part in labels
}
truths = np.concatenate(list(labels.values()))
fits = {}
with devices.leased(params.device, snakemake.resources.per_gpu) as device:
    for name, network in params.networks.items():
        set_up_torch(seed, snakemake.threads)  # whatever other networks there are
        jets = supervised_inputs.read_jets(
            network, list(samples.values()), params.smoothing, device
        )
        fits[name] = supervised.cross_fit(jets, truths, network, params.epochs, seed, device)

configuration = {name: params[name] for name in ("networks", "epochs", "smoothing")}
inputs = truth.inputs(given.normal, tests, given.truths)
provenance = describe(configuration, inputs, seed=seed, device=device.type)
with replacing(made.scores) as partial, hdf5_files.create(partial) as target:
    for name, fit in fits.items():
        for part, found in truth.by_part(fit.scores, labels).items():
            target[f"{part}/{scorefiles.supervised(name)}"] = found.astype(np.float32)
    target.attrs.update(provenance)
histories = [fit.history.assign(network=name) for name, fit in fits.items()]
history = pd.concat(histories, ignore_index=True)
history.insert(0, "network", history.pop("network"))
write(history, made.history)
with replacing(made.networks) as partial:
    networks = {name: fit.classifiers for name, fit in fits.items()}
    supervised.save(partial, networks, provenance)
