"""Draw the scores, latents and clusters of one training."""

import h5py

from oddjet import logs, scorefiles
from oddjet.cuts import choose_cut
from oddjet.figures import images, scores, style
from oddjet.parts import CONTROL, tests_of

logs.set_up(snakemake.log[0])
errors = scorefiles.read_scores(snakemake.input.scores, snakemake.params.score)
tests = tests_of(errors)
control = errors[CONTROL]
cut = choose_cut(control, **snakemake.params.cut)
style.save(scores.errors(errors, tests, cut.threshold), snakemake.output.errors)

plane = scorefiles.read_plane(snakemake.input.clusters)
style.save(scores.latent(*plane, errors), snakemake.output.latent)
components = scorefiles.read_scores(snakemake.input.clusters, "component")
style.save(scores.clusters(*plane, components), snakemake.output.clusters)
figure = scores.cluster_errors(errors, components, cut.threshold)
style.save(figure, snakemake.output.cluster_errors)

with h5py.File(snakemake.input.reconstructions) as file:
    groups = {
        name: tuple(group[part][:] for part in ("input", "output", "error"))
        for name, group in file.items()
    }
style.save(images.reconstructions(groups), snakemake.output.reconstructions)
