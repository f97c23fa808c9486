"""Say how well each feature alone tells the tests from control, overall and at low scores."""

import pandas as pd

from oddjet.common import script
from oddjet.common.parts import TAGGER_SCORE
from oddjet.common.tables import write
from oddjet.estimate import ensemble, feature_files, tagger
from oddjet.estimate.low_scores import low_scores

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
scores = ensemble.read(given.scores, TAGGER_SCORE)
names = feature_files.names_of(given.normal, ())
tests = dict(zip(params.tests, given.tests, strict=True))
features = feature_files.read_parts(given.normal, tests, names)
low = low_scores(scores, params.anchor)
rows = tagger.compare_features(features, low, names, params.tests)
for row in rows:
    row["used"] = row["feature"] not in params.exclude
write(pd.DataFrame(rows), snakemake.output[0])
