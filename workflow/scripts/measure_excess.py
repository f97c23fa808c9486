"""Find the distribution of the excess of each test in every feature."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.intervals import sigmas
from oddjet.common.parts import CONTROL
from oddjet.common.tables import read, write
from oddjet.estimate import ensemble, excess, feature_files
from oddjet.estimate.low_scores import low_scores
from oddjet.estimate.trust import SYSTEMATIC

TOGETHER = 4  # features in memory, of all jets

script.begin(snakemake)
params, model = snakemake.params, snakemake.wildcards.model
files = snakemake.input.scores
scores = ensemble.read(files, params.anomaly_score)
low = low_scores(scores, params.anchor)
prepared = dict(zip(params.tests, snakemake.input.tests, strict=True))
prepared[CONTROL] = snakemake.input.normal
places = {}
for part, jets in scorefiles.read_identities(files[0]).items():
    if part in prepared:
        with h5py.File(prepared[part]) as sample:
            places[part] = scorefiles.rows_of(sample, jets)
names = feature_files.names_of(snakemake.input.normal, ())
fractions = read(snakemake.input.fractions)
quoted = fractions[(fractions.seed == "ensemble") & (fractions.estimator == params.headline)]
sources = read(snakemake.input.uncertainty_budget)
systematic = sources[sources.source.isin(SYSTEMATIC)].groupby("test").up.agg(np.linalg.norm)
reach = sigmas(params.confidence)
of_test = {
    one.test: excess.Fraction.beside(
        params.contamination,
        (one.fraction, one.low, one.high),
        reach,
        systematic[one.test] / reach,
        params.overdispersion,
    )
    for one in quoted.itertuples()
}
found = {test: [] for test in of_test}
for first in range(0, len(names), TOGETHER):
    some = names[first : first + TOGETHER]
    scale = np.array([params.scale.get(name, 1.0) for name in some])
    features = {
        part: feature_files.read(path, some)[places[part]] * scale
        for part, path in prepared.items()
    }
    edges = excess.edges_of(features.values())
    for test, fraction in of_test.items():
        anchored = {"test": low[test], "control": low[CONTROL]}
        pair = features[test], features[CONTROL]
        found[test] += excess.tabulate(*pair, anchored, some, fraction, edges)
rows = [{"test": test} | row for test, several in found.items() for row in several]
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
