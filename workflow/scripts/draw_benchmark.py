"""Draw all models and baselines beside each other."""

import pandas as pd

from oddjet import logs, scorefiles
from oddjet.figures import benchmark, scores, style
from oddjet.tables import overall, read

# of the baselines those that say most, so that the figure stays readable
DRAWN = ("mass", "minus_sum_of_squares", "pca_error")

logs.set_up(snakemake.log[0])
params, given, made = snakemake.params, snakemake.input, snakemake.output
roc = overall(pd.concat(map(read, given.roc)))
roc = roc[roc.seed == "ensemble"]
curves = {
    name: roc[(roc.model == model) & (roc.score == params.score)]
    for model, name in params.models.items()
}
for name in (*DRAWN, *map(scorefiles.supervised, params.networks)):
    curves[name] = roc[(roc.model == "baseline") & (roc.score == name)]
style.save(scores.roc({" and ".join(params.truths): curves}, params.max_fpr), made.roc)

table = read(given.table)
if len(params.ablation) > 1:  # the run's first model is always there
    style.save(benchmark.ablation(table, params.ablation, params.score), made.ablation)
if len(params.latents) > 1:
    style.save(benchmark.latent_scan(table, params.latents, params.score), made.latent_scan)
