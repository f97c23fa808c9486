"""Draw the scores, latents and clusters of one training."""

import h5py
import numpy as np
import torch

from oddjet import logs, scorefiles, training
from oddjet.cuts import choose_cut
from oddjet.figures import images, scores, style
from oddjet.parts import CONTROL, tests_of
from oddjet.sparse import SparseFile
from oddjet.tensors import DeviceImages

SHOWN = 3  # jets of low, middle and high error each

logs.set_up(snakemake.log[0])
errors = scorefiles.read_scores(snakemake.input.scores, snakemake.params.score)
tests = tests_of(errors)
control = errors[CONTROL]
cut = choose_cut(control, **snakemake.params.cut)
style.save(scores.errors(errors, tests, cut.threshold), snakemake.output.errors)

latents = scorefiles.read_scores(snakemake.input.scores, "latent")
pca, projected = scores.plane({part: latents[part] for part in (CONTROL, *tests)})
style.save(scores.latent(pca, projected, errors), snakemake.output.latent)
components = scorefiles.read_scores(snakemake.input.clusters, "component")
style.save(scores.clusters(pca, projected, components), snakemake.output.clusters)
figure = scores.cluster_errors(errors, components, cut.threshold)
style.save(figure, snakemake.output.cluster_errors)

# control jets at the 5th, 50th and 95th percentile of the error, and their neighbours
events = scorefiles.read_scores(snakemake.input.scores, "event")[CONTROL]
order = np.argsort(control)
cpu = torch.device("cpu")
model, normalisation = training.load(snakemake.input.model, cpu)
groups = {}
for name, percentile in (("low", 5), ("middle", 50), ("high", 95)):
    first = round((len(order) - SHOWN) * percentile / 100)
    picked = order[first : first + SHOWN]
    picked = picked[np.argsort(events[picked])]  # pieces come in the order of the file
    with h5py.File(snakemake.input.normal) as normal, torch.no_grad():
        pieces = SparseFile(normal).pieces(scorefiles.rows_of(normal, events[picked]))
        batches = [DeviceImages(p, normalisation, cpu).batches() for _, p in pieces]
        inputs = torch.cat([batch for piece in batches for batch in piece])
        outputs = model(inputs)
    groups[name] = (inputs.numpy(), outputs.numpy(), control[picked])
style.save(images.reconstructions(groups), snakemake.output.reconstructions)
