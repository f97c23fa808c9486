"""Write the anomaly score of a trained weak tagger as an ONNX file."""

import h5py
import numpy as np
from scipy.stats import rankdata

from oddjet.common import script
from oddjet.common.files import replacing, sha256
from oddjet.estimate import feature_files, trained_tagger
from oddjet.estimate.learnt_from import learnt_from
from oddjet.estimate.trained_tagger import TrainedTagger
from oddjet.publish import graph_file, tagger_graph
from oddjet.publish.preparation import Preparation

script.begin(snakemake)
given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
names = trained_tagger.names_of(given.tagger)
with h5py.File(given.normal) as normal:
    outside = ~normal["control"][:]
    units = {name: str(normal.attrs[name]) for name in ("momentum_unit", "length_unit")}
preparation = Preparation.read(given.normal)
trained = TrainedTagger.read(given.tagger)
normal_features = learnt_from(feature_files.read(given.normal, names)[outside])
# scored as a new jet is, by all classifiers
log_odds = trained.log_odds.mean(axis=(1, 2))
control = (rankdata(log_odds, "max") / len(log_odds)).astype(np.float32)
facts = {
    "model": params.model,
    "seed": int(wildcards.seed),
    "tagger_sha256": sha256(given.tagger),
    "input": {"type": "float32", "features": names} | units,
    "jets": preparation.rows,
    "images": preparation.images,
    "cuts": graph_file.cuts(control, **params.cut),
}
with replacing(snakemake.output[0]) as partial:
    graph_file.write(partial, tagger_graph.of(trained, names, normal_features), facts)
