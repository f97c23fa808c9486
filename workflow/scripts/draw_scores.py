"""Draw the scores, latents and clusters of one training."""

import h5py

from oddjet.common import logs, scorefiles
from oddjet.common.parts import CONTROL, tests_of
from oddjet.draw import image_figures, score_figures, style
from oddjet.estimate.cuts import choose_cut

logs.set_up(snakemake.log[0])
errors = scorefiles.read_scores(snakemake.input.scores, snakemake.params.score)
tests = tests_of(errors)
control = errors[CONTROL]
cut = choose_cut(control, **snakemake.params.cut)
style.save(score_figures.errors(errors, tests, cut.threshold), snakemake.output.errors)

plane = scorefiles.read_plane(snakemake.input.clusters)
style.save(score_figures.latent(*plane, errors), snakemake.output.latent)
components = scorefiles.read_scores(snakemake.input.clusters, "component")
style.save(score_figures.clusters(*plane, components), snakemake.output.clusters)
figure = score_figures.cluster_errors(errors, components, cut.threshold)
style.save(figure, snakemake.output.cluster_errors)

with h5py.File(snakemake.input.reconstructions) as file:
    groups = {
        name: tuple(group[part][:] for part in ("input", "output", "error"))
        for name, group in file.items()
    }
style.save(image_figures.reconstructions(groups), snakemake.output.reconstructions)
