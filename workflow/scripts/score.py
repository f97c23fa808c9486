"""Score every event of every sample with one trained model, on the CPU."""

import h5py
import numpy as np

from oddjet.common import hdf5_files, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, TRAIN, VALIDATION
from oddjet.common.provenance import describe
from oddjet.prepare import splits
from oddjet.train import scoring, training
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU, set_up_torch

script.begin(snakemake)
seed = int(snakemake.wildcards.seed)
set_up_torch(seed, snakemake.threads)
model, normalisation = training.load(snakemake.input.model, CPU)
tests = dict(zip(snakemake.params.tests, snakemake.input.tests, strict=True))

with h5py.File(snakemake.input.normal) as normal:
    control = normal["control"][:]
    train, validation = splits.train_and_validation(control, snakemake.params.validation, seed)
    fitted = scoring.PreparedImages(normal, train, normalisation)
    error = ReconstructionError.fit(snakemake.params.error, fitted)

with (
    replacing(snakemake.output.scores) as partial,
    hdf5_files.create(partial, track_order=True) as target,
):
    with h5py.File(snakemake.input.normal) as normal:
        for part, rows in (
            (TRAIN, train),
            (VALIDATION, validation),
            (CONTROL, np.flatnonzero(control)),
        ):
            images = scoring.PreparedImages(normal, rows, normalisation)
            scoring.score(images, target.create_group(part), model, error)
    for test, path in tests.items():
        with h5py.File(path) as sample:
            rows = np.arange(len(sample["offsets"]) - 1)
            images = scoring.PreparedImages(sample, rows, normalisation)
            scoring.score(images, target.create_group(test), model, error)
    scoring.add_mahalanobis(target)
    inputs = {"model": snakemake.input.model, "normal": snakemake.input.normal, **tests}
    configuration = {name: snakemake.params[name] for name in ("error", "validation")}
    provenance = describe(configuration, inputs, seed=seed, device=CPU)
    target.attrs.update(provenance)
    errors = target[CONTROL]["error"][:]

with (
    replacing(snakemake.output.reconstructions) as partial,
    hdf5_files.create(partial, track_order=True) as target,
    h5py.File(snakemake.input.normal) as normal,
):
    images = scoring.PreparedImages(normal, np.flatnonzero(control), normalisation)
    scoring.reconstruct_examples(images, errors, target, model)
    target.attrs.update(provenance)
