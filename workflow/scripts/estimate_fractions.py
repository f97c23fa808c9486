"""Estimate the anomalous fractions with one model, and check what they assume."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import logs, scorefiles
from oddjet.common.parts import CONTROL
from oddjet.common.tables import write
from oddjet.estimate import checks, ensemble, fractions, uncertainty_budget, weak

logs.set_up(snakemake.log[0])
params, model = snakemake.params, snakemake.wildcards.model
confidence, anchor = params.confidence, params.estimation["anchor"]

errors = [scorefiles.read_scores(path, snakemake.params.score) for path in snakemake.input.scores]
latents = [scorefiles.read_scores(path, "latent") for path in snakemake.input.scores]
features = [
    {part: np.column_stack([error[part], latent[part]]) for part in error}
    for error, latent in zip(errors, latents, strict=True)
]
classified = [weak.classify(of_seed) for of_seed in features]
scores = dict(zip(params.seeds, zip(errors, classified, strict=True), strict=True))
combined = {
    kind: {test: ensemble.mean_rank([of[kind][test] for of in classified]) for test in by_test}
    for kind, by_test in classified[0].items()
}
scores["ensemble"] = ensemble.mean_rank(errors), combined

table = pd.DataFrame(
    {"model": model, "seed": seed} | row
    for seed, parts in scores.items()
    for row in fractions.tabulate(fractions.estimates(*parts, **params.estimation), confidence)
)
score = scores["ensemble"][0]
# what the preprocessing takes away can tell backgrounds apart that look alike behind it
events = scorefiles.read_scores(snakemake.input.scores[0], "event")
prepared = dict(zip(params.tests, snakemake.input.tests, strict=True))
prepared[CONTROL] = snakemake.input.normal
seen = {}
for part, path in prepared.items():
    with h5py.File(path) as sample:
        rows = scorefiles.rows_of(sample, events[part])
        raw = [sample["quantities"][name][:][rows] for name in ("sum", "lit_pixels")]
    seen[part] = np.column_stack([features[0][part], *raw])
checked = checks.check(score, seen, anchor, confidence, params.closure_level)
uncertainties = uncertainty_budget.budget(table, score, params.headline, anchor, confidence)
for name, content in {
    "fractions": table,
    "closure": pd.DataFrame({"model": model} | row for row in checked),
    "error_budget": pd.DataFrame({"model": model} | row for row in uncertainties),
}.items():
    write(content, snakemake.output[name])
