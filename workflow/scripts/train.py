"""Train one autoencoder."""

import json
import logging
import signal

import h5py

from oddjet.common import script
from oddjet.common.files import replacing
from oddjet.common.provenance import describe
from oddjet.prepare import splits
from oddjet.prepare.sparse import SparseFile
from oddjet.train import devices, training
from oddjet.train.checkpoint import Checkpoint
from oddjet.train.torch_setup import set_up_torch

CONFIGURATION = ("model", "loss", "training", "smoothing", "validation")
MADE_FROM = ("configuration", "inputs", "packages")

script.begin(snakemake)
params = snakemake.params
seed = int(snakemake.wildcards.seed)
configuration = {name: params[name] for name in CONFIGURATION}
with devices.leased(params.training["device"], snakemake.resources.per_gpu) as device:
    logging.info("training on %s with %d threads", device, snakemake.threads)
    set_up_torch(seed, snakemake.threads)
    facts = {"seed": seed, "device": device.type}
    provenance = describe(configuration, {"normal": snakemake.input.normal}, **facts)
    # not the commit: one that changes nothing here is no reason to start anew
    made_from = {name: json.loads(provenance[name]) for name in MADE_FROM}
    made_from |= {"code": params.code, "python": provenance["python"], **facts}
    with h5py.File(snakemake.input.normal) as normal:
        parts = splits.train_and_validation(normal["control"][:], params.validation, seed)
        images = [SparseFile(normal).select(rows) for rows in parts]
    checkpoint = Checkpoint(params.checkpoint, made_from)
    with (
        checkpoint.written_on(signal.SIGTERM, signal.SIGINT),
        devices.memory_errors_explained(device, params.training["batch_size"]),
    ):
        trained = training.train(*images, configuration, seed, device, checkpoint)
with replacing(snakemake.output.model) as partial:
    trained.save(partial, provenance)
with replacing(snakemake.output.history) as partial:
    trained.save_history(partial)
checkpoint.remove()
