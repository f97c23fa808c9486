"""Draw the ROC curves of one model, and its latent planes by class."""

from oddjet.common import scorefiles, script
from oddjet.common.tables import read
from oddjet.draw import class_figures, roc_figures, style
from oddjet.evaluate import truth

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
table = read(given.roc)
table = table[table.score == params.anomaly_score]
curves = {test: roc_figures.by_seed(table[table.test == test]) for test in params.truths}
style.save(roc_figures.rejection(curves, params.max_fpr), made.roc)

truths = truth.read_truths(params.truths, given.truths)
planes = {}
for seed, path in zip(params.seeds, given.clusters, strict=True):
    shares, places = scorefiles.read_plane(path)
    planes[f"seed {seed}"] = shares, class_figures.by_class(*truth.labelled(places, truths))
style.save(class_figures.planes(planes), made.latent_classes)
