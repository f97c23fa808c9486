"""Score every event of every sample with one trained model, on the CPU."""

import h5py
import numpy as np

from oddjet import logs, scoring, splits, training
from oddjet.files import replacing
from oddjet.losses import ReconstructionError
from oddjet.parts import CONTROL, TRAIN, VALIDATION
from oddjet.provenance import describe
from oddjet.sparse import SparseFile
from oddjet.tensors import CPU, DeviceImages, make_repeatable

logs.set_up(snakemake.log[0])
seed = int(snakemake.wildcards.seed)
make_repeatable(seed, snakemake.threads)
model, normalisation = training.load(snakemake.input.model, CPU)
tests = dict(zip(snakemake.params.tests, snakemake.input.tests, strict=True))

with h5py.File(snakemake.input.normal) as normal:
    control = normal["control"][:]
    train, validation = splits.train_and_validation(control, snakemake.params.validation, seed)
    fitted = DeviceImages(SparseFile(normal).read().select(train), normalisation, CPU)
    error = ReconstructionError.fit(snakemake.params.score, fitted)
    del fitted

with (
    replacing(snakemake.output[0]) as partial,
    h5py.File(partial, "w", track_order=True) as target,
):
    with h5py.File(snakemake.input.normal) as normal:
        for part, rows in (
            (TRAIN, train),
            (VALIDATION, validation),
            (CONTROL, np.flatnonzero(control)),
        ):
            group = target.create_group(part)
            scoring.score(normal, rows, group, model, normalisation, error)
    for test, path in tests.items():
        with h5py.File(path) as sample:
            rows = np.arange(len(sample["offsets"]) - 1)
            scoring.score(sample, rows, target.create_group(test), model, normalisation, error)
    scoring.add_mahalanobis(target)
    inputs = {"model": snakemake.input.model, "normal": snakemake.input.normal, **tests}
    configuration = {name: snakemake.params[name] for name in ("score", "validation")}
    target.attrs.update(describe(configuration, inputs, seed=seed, device=CPU))
