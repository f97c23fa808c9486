"""Find the distribution of the excess of each test in every feature."""

import numpy as np
import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL
from oddjet.common.tables import read, write
from oddjet.estimate import ensemble, excess, feature_files
from oddjet.estimate.low_scores import low_scores
from oddjet.estimate.trust import SYSTEMATIC

script.begin(snakemake)
params, model = snakemake.params, snakemake.wildcards.model
files = snakemake.input.scores
scores = ensemble.read(files, params.anomaly_score)
jets = scorefiles.read_identities(files[0])
low = low_scores(scores, params.anchor)
prepared = dict(zip(params.tests, snakemake.input.tests, strict=True))
prepared[CONTROL] = snakemake.input.normal
names = feature_files.names_of(snakemake.input.normal, ())
scale = np.array([params.scale.get(name, 1.0) for name in names])
features = {}
for part, path in prepared.items():
    features[part] = feature_files.read_of(path, names, jets[part]) * scale
fractions = read(snakemake.input.fractions)
quoted = fractions[(fractions.seed == "ensemble") & (fractions.estimator == params.headline)]
sources = read(snakemake.input.uncertainty_budget)
systematic = sources[sources.source.isin(SYSTEMATIC)].groupby("test").up.agg(np.linalg.norm)
reach = sigmas(params.confidence)
edges = excess.edges_of(features.values())
rows = []
for one in quoted.itertuples():
    fraction = excess.Fraction.beside(
        params.contamination,
        (one.fraction, one.low, one.high),
        reach,
        systematic[one.test] / reach,
        params.overdispersion,
    )
    anchored = {"test": low[one.test], "control": low[CONTROL]}
    found = excess.tabulate(features[one.test], features[CONTROL], anchored, names, fraction, edges)
    rows += [{"test": one.test} | row for row in found]
columns = {
    "excess": ["test", "quantity", "low_edge", "high_edge", "density", "uncertainty"],
    "peaks": ["test", "quantity", "peak", "uncertainty", "width", "share"],
    "agreement": ["test", "other", "quantity", "chi2", "dof", "p_value"],
}
table = pd.DataFrame(rows, columns=columns["excess"])
tables = {"excess": table, "peaks": excess.peaks(table), "agreement": excess.agreement(table)}
for name, content in tables.items():
    one = pd.DataFrame(content, columns=columns[name])
    one.insert(0, "model", model)
    write(one, snakemake.output[name])
