"""Train the weak tagger and score control jets and all tests with it."""

import h5py
import numpy as np
import pandas as pd

from oddjet.common import hdf5_files, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, SIGNAL, TAGGER_FOLD, TAGGER_SCORE, TRAIN
from oddjet.common.provenance import describe
from oddjet.common.scorefiles import copy_origins
from oddjet.common.tables import write
from oddjet.estimate import feature_files, tagger
from oddjet.estimate.trained_tagger import TrainedTagger

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
seed = int(snakemake.wildcards.seed)
prepared = dict(zip(params.scored, given.tests, strict=True))
names = feature_files.names_of(given.normal, params.exclude)
features = feature_files.read_parts(given.normal, prepared, names)
apart = {part: features[part] for part in (CONTROL, SIGNAL) if part in features}
tests = {test: features[test] for test in params.tests}
trained = tagger.train(features[TRAIN], apart, tests, seed)
scores = trained.scores

inputs = {"normal": given.normal, **prepared}
provenance = describe({"exclude": list(params.exclude)}, inputs, seed=seed)
with (
    replacing(made.scores) as partial,
    hdf5_files.create(partial, track_order=True) as target,
):
    for part, values in scores.items():
        with h5py.File(prepared.get(part, given.normal)) as sample:
            rows = sample["control"][:] if part == CONTROL else ...
            copy_origins(sample, target.create_group(part), rows)
        target[f"{part}/{TAGGER_SCORE}"] = values.astype(np.float32)
        target[f"{part}/{TAGGER_FOLD}"] = trained.folds[part]
    target.attrs.update(provenance, features=names)
with replacing(made.tagger) as partial, hdf5_files.create(partial, track_order=True) as target:
    TrainedTagger.of(trained).write(target)
    target.attrs.update(provenance, features=names)
rows = [
    {"test": name, "jets": sum(len(scores[test]) for test in some)} | tagger.learnt(scores, some)
    for name, some in {**{test: [test] for test in params.tests}, "all": params.tests}.items()
]
write(pd.DataFrame({"model": params.model, "seed": seed} | row for row in rows), made.learnt)
