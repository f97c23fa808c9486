"""Draw the ROC curves of one model, and its latent planes by class."""

from oddjet import logs, scorefiles, truth
from oddjet.figures import classes, roc, style
from oddjet.tables import read

logs.set_up(snakemake.log[0])
params, given, made = snakemake.params, snakemake.input, snakemake.output
table = read(given.roc)
table = table[table.score == params.score]
curves = {test: roc.by_seed(table[table.test == test]) for test in params.truths}
style.save(roc.rejection(curves, params.max_fpr), made.roc)

truths = truth.read_truths(params.truths, given.truths)
planes = {}
for seed, path in zip(params.seeds, given.clusters, strict=True):
    shares, places = scorefiles.read_plane(path)
    planes[f"seed {seed}"] = shares, classes.by_class(*truth.labelled(places, truths))
style.save(classes.planes(planes), made.latent_classes)
