"""Estimate the anomalous fractions with one model, and check what they assume."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import logs, scorefiles
from oddjet.common.parts import CONTROL
from oddjet.common.tables import write
from oddjet.estimate import (
    check,
    classifiers,
    ensemble,
    feature_files,
    fractions,
    uncertainty_budget,
)
from oddjet.estimate.given import Given

logs.set_up(snakemake.log[0])
params, model = snakemake.params, snakemake.wildcards.model
confidence, anchor = params.confidence, params.estimation["anchor"]

files = snakemake.input.scores
of_seeds = [scorefiles.read_scores(path, params.anomaly_score) for path in files]
latents = [scorefiles.read_scores(path, "latent") for path in files]
scores = {seed: (found, {}) for seed, found in zip(params.seeds, of_seeds, strict=True)}
if latents[0]:  # an autoencoder's
    features = [
        {part: np.column_stack([score[part], latent[part]]) for part in score}
        for score, latent in zip(of_seeds, latents, strict=True)
    ]
    classified = [classifiers.classify(of_seed) for of_seed in features]
    scores = dict(zip(params.seeds, zip(of_seeds, classified, strict=True), strict=True))
    combined = {
        kind: {test: ensemble.mean_rank([of[kind][test] for of in classified]) for test in by_test}
        for kind, by_test in classified[0].items()
    }
    scores["ensemble"] = ensemble.mean_rank(of_seeds), combined
    # what the preprocessing takes away can tell backgrounds apart that look alike behind it
    names = ["pt", "lit_pixels"]
else:  # the tagger's, which has seen all features
    features = [{part: score[part][:, None] for part in score} for score in of_seeds]
    scores["ensemble"] = ensemble.mean_rank(of_seeds), {}
    names = feature_files.names_of(snakemake.input.normal, params.exclude)

table = pd.DataFrame(
    {"model": model, "seed": seed} | row
    for seed, (parts, found) in scores.items()
    for row in fractions.tabulate(Given(parts, classified=found, **params.estimation), confidence)
)
score = scores["ensemble"][0]
events = scorefiles.read_scores(files[0], "event")
prepared = dict(zip(params.tests, snakemake.input.tests, strict=True))
prepared[CONTROL] = snakemake.input.normal
seen = {}
for part, path in prepared.items():
    with h5py.File(path) as sample:
        rows = scorefiles.rows_of(sample, events[part])
    seen[part] = np.column_stack([features[0][part], feature_files.read(path, names)[rows]])
checked = check.check(check.Sample(score, seen, anchor, confidence), params.check_level)
uncertainties = uncertainty_budget.budget(table, score, params.headline, anchor, confidence)
for name, content in {
    "fractions": table,
    "checks": pd.DataFrame({"model": model} | row for row in checked),
    "uncertainty_budget": pd.DataFrame({"model": model} | row for row in uncertainties),
}.items():
    write(content, snakemake.output[name])
