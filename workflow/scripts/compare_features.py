"""Say how well each feature alone tells the tests from control, overall and at low scores."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL, TAGGER_SCORE
from oddjet.common.tables import write
from oddjet.estimate import ensemble, feature_files, tagger

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
scores = ensemble.mean_rank([scorefiles.read_scores(path, TAGGER_SCORE) for path in given.scores])
names = feature_files.names_of(given.normal, ())
with h5py.File(given.normal) as normal:
    control = normal["control"][:]
features = {CONTROL: feature_files.read(given.normal, names)[control]}
for test, path in zip(params.tests, given.tests, strict=True):
    features[test] = feature_files.read(path, names)
edge = np.quantile(scores[CONTROL], params.anchor, method="inverted_cdf")
low = {part: scores[part] <= edge for part in features}
rows = tagger.compare_features(features, low, names, params.tests)
for row in rows:
    row["used"] = row["feature"] not in params.exclude
write(pd.DataFrame(rows), snakemake.output[0])
