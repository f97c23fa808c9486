"""Write the anomaly score of one trained model as an ONNX file."""

import h5py

from oddjet.common import scorefiles, script
from oddjet.common.files import replacing, sha256
from oddjet.common.parts import CONTROL, TRAIN
from oddjet.prepare import splits
from oddjet.publish import graph_file, onnx_file
from oddjet.publish.preparation import Preparation
from oddjet.publish.score_graph import Scorer
from oddjet.train import scoring, training
from oddjet.train.reconstruction_error import ReconstructionError
from oddjet.train.torch_setup import CPU, set_up_torch

script.begin(snakemake)
given, params, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
seed = int(wildcards.seed)
set_up_torch(seed, snakemake.threads)
model, normalisation = training.load(given.model, CPU)
with h5py.File(given.normal) as normal:
    train, _ = splits.train_and_validation(normal["control"][:], params.validation, seed)
    fitted = scoring.PreparedImages(normal, train, normalisation)
    error = ReconstructionError.fit(params.error, fitted)
distance = None
if params.anomaly_score == "mahalanobis":
    latents = scorefiles.read_scores(given.scores, "latent")[TRAIN]
    distance = scoring.Mahalanobis.fit(latents)

preparation = Preparation.read(given.normal)
control = scorefiles.read_scores(given.scores, params.anomaly_score)[CONTROL]
facts = onnx_file.facts_of(preparation, graph_file.cuts(control, **params.cut)) | {
    "model": wildcards.model,
    "seed": seed,
    "model_sha256": sha256(given.model),
    "architecture": params.architecture,
    "anomaly_score": params.anomaly_score,
    "error": params.error,
    "normalisation": normalisation.as_dict(),
}
scorer = Scorer(preparation, normalisation, model, error, distance).eval()
with replacing(snakemake.output[0]) as partial:
    onnx_file.write(partial, scorer, preparation, facts)
