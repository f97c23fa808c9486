"""Score control jets and labelled tests with what needs no autoencoder."""

import h5py
import numpy as np

from oddjet.common import hdf5_files, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL
from oddjet.common.provenance import describe
from oddjet.common.scorefiles import PCA_VARIANCE
from oddjet.evaluate import baselines
from oddjet.prepare import splits
from oddjet.prepare.sparse import SparseFile
from oddjet.train.device_images import DeviceImages, fit_min_max
from oddjet.train.scoring import PreparedImages
from oddjet.train.torch_setup import CPU, set_up_torch

script.begin(snakemake)
params, seed = snakemake.params, int(snakemake.wildcards.seed)
set_up_torch(seed, snakemake.threads)
with h5py.File(snakemake.input.normal) as normal:
    control = normal["control"][:]
    train, _ = splits.train_and_validation(control, params.validation, seed)
    few = np.sort(np.random.default_rng(seed).permutation(train)[: baselines.MOST])
    fitted = SparseFile(normal).select(few)
normalisation = fit_min_max(fitted, params.smoothing, CPU)
batches = DeviceImages(fitted, normalisation, CPU).batches()
flat = np.concatenate([batch.flatten(1).numpy() for batch in batches])
components = baselines.PrincipalComponents(flat, params.principal_components, seed)

samples = dict(zip(params.tests, snakemake.input.tests, strict=True))
with (
    replacing(snakemake.output[0]) as partial,
    hdf5_files.create(partial, track_order=True) as target,
):
    for part, path in {CONTROL: snakemake.input.normal, **samples}.items():
        with h5py.File(path) as sample:
            events = np.arange(len(SparseFile(sample)))
            rows = np.flatnonzero(control) if part == CONTROL else events
            images = PreparedImages(sample, rows, normalisation)
            baselines.score(images, target.create_group(part), components)
    target.attrs[PCA_VARIANCE] = components.pca.explained_variance_ratio_[:2]
    configuration = {
        name: params[name] for name in ("principal_components", "smoothing", "validation")
    }
    inputs = {"normal": snakemake.input.normal, **samples}
    target.attrs.update(describe(configuration, inputs, seed=seed, device="cpu"))
