"""Draw all models and baselines beside each other."""

import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.parts import BASELINE, WEAK
from oddjet.common.tables import overall, read
from oddjet.draw import benchmark_figures, roc_figures, style

# of the baselines those that say most, so that the figure stays readable
DRAWN = ("mass", "minus_sum_of_squares", "pca_error")

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
points = overall(pd.concat(map(read, given.roc)))
points = points[points.seed == "ensemble"]
curves = {
    name: points[(points.model == model) & (points.score == params.anomaly_score)]
    for model, name in params.models.items()
}
curves[WEAK] = points[points.model == WEAK]
for name in (*DRAWN, *map(scorefiles.supervised, params.networks)):
    curves[name] = points[(points.model == BASELINE) & (points.score == name)]
style.save(
    roc_figures.rejection({" and ".join(params.truths): curves}, params.max_fpr), made.benchmark_roc
)

table = read(given.table)
if len(params.ablation) > 1:  # the run's first model is always there
    style.save(
        benchmark_figures.ablation(table, params.ablation, params.anomaly_score),
        made.benchmark_ablation,
    )
if len(params.latents) > 1:
    style.save(
        benchmark_figures.latent_scan(table, params.latents, params.anomaly_score),
        made.benchmark_latent_scan,
    )
