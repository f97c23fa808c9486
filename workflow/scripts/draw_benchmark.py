"""Draw all models and baselines beside each other."""

from oddjet import ensemble, logs, scorefiles, validation
from oddjet.figures import benchmark, scores, style
from oddjet.tables import read

# of the baselines those that say most, so that the figure stays readable
DRAWN = ("mass", "minus_sum_of_squares", "pca_error")

logs.set_up(snakemake.log[0])
params, given, made = snakemake.params, snakemake.input, snakemake.output
truths = scorefiles.read_truths(params.truths, given.truths)
curves = {}
for number, model in enumerate(params.models):
    paths = given.scores[number * len(params.seeds) : (number + 1) * len(params.seeds)]
    ranks = ensemble.mean_rank([scorefiles.read_scores(path, params.score) for path in paths])
    curves[model] = validation.labelled(ranks, truths)
for name in DRAWN:
    curves[name] = validation.labelled(scorefiles.read_scores(given.baselines, name), truths)
for name in map(scorefiles.supervised, params.networks):
    reference = scorefiles.read_scores(given.supervised, name)
    curves[name] = validation.labelled(reference, truths)
title = " and ".join(truths)
style.save(scores.roc({title: curves}, params.max_fpr), made.roc)

table = read(given.table)
if len(params.ablation) > 1:  # the run's first model is always there
    style.save(benchmark.ablation(table, params.ablation, params.score), made.ablation)
if len(params.latents) > 1:
    style.save(benchmark.latent_scan(table, params.latents, params.score), made.latent_scan)
