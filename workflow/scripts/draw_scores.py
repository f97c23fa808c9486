"""Draw the scores, latents and clusters of one training."""

import h5py

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL, tests_of
from oddjet.draw import image_figures, score_figures, style
from oddjet.estimate.cuts import choose_cut

script.begin(snakemake)
scores = scorefiles.read_scores(snakemake.input.scores, snakemake.params.anomaly_score)
tests = tests_of(scores)
control = scores[CONTROL]
cut = choose_cut(control, **snakemake.params.cut)
figure = score_figures.histograms(scores, tests, cut.threshold)
style.save(figure, snakemake.output.scores)

plane = scorefiles.read_plane(snakemake.input.clusters)
style.save(score_figures.latent(*plane, scores), snakemake.output.latent)
components = scorefiles.read_scores(snakemake.input.clusters, scorefiles.COMPONENT)
style.save(score_figures.clusters(*plane, components), snakemake.output.clusters)
figure = score_figures.by_cluster(scores, components, cut.threshold)
style.save(figure, snakemake.output.cluster_scores)

with h5py.File(snakemake.input.reconstructions) as file:
    groups = {
        name: tuple(group[part][:] for part in ("input", "output", "error"))
        for name, group in file.items()
    }
style.save(image_figures.reconstructions(groups), snakemake.output.reconstructions)
