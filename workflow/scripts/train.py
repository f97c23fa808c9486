"""Train one autoencoder."""

import logging

import h5py
import pandas as pd

from oddjet import logs, splits, training
from oddjet.files import replacing
from oddjet.provenance import describe
from oddjet.sparse import SparseFile
from oddjet.tensors import choose_device, make_repeatable

CONFIGURATION = ("model", "training", "smoothing", "validation")

logs.set_up(snakemake.log[0])
seed = int(snakemake.wildcards.seed)
settings = snakemake.params.training
device = choose_device(settings["device"])
make_repeatable(seed, snakemake.threads)
logging.info("training on %s with %d threads", device, snakemake.threads)

with h5py.File(snakemake.input.normal) as normal:
    parts = splits.train_and_validation(normal["control"][:], snakemake.params.validation, seed)
    images = SparseFile(normal).read()
trained = training.train(
    *(images.select(rows) for rows in parts),
    snakemake.params.model,
    settings,
    seed,
    device,
    snakemake.params.smoothing,
)

configuration = {name: snakemake.params[name] for name in CONFIGURATION}
provenance = describe(configuration, {"normal": snakemake.input.normal}, seed=seed, device=device)
with (
    replacing(snakemake.output.model) as model,
    replacing(snakemake.output.history) as history,
):
    trained.save(model, provenance)
    pd.DataFrame(trained.history).to_csv(history, index=False)
