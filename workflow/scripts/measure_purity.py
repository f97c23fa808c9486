"""Measure the purity of the clusters of one model."""

import numpy as np
import pandas as pd

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL
from oddjet.common.tables import write
from oddjet.estimate import purity
from oddjet.estimate.cuts import choose_cut
from oddjet.evaluate import truth

script.begin(snakemake)
confidence, bootstrap = snakemake.params.confidence, snakemake.params.bootstrap
truths = truth.read_truths(snakemake.params.truths, snakemake.input.truths)


def compare(found: dict, labels: dict) -> dict[str, dict[str, float]]:
    """Agreement of clusters and labels per test and, where there are several, in all of them."""
    tests = {test: (found[test], labels[test]) for test in labels}
    if len(tests) > 1:
        both = zip(*tests.values(), strict=True)
        tests["all"] = tuple(np.concatenate(arrays) for arrays in both)
    return {test: purity.agreement(*pair, bootstrap, confidence) for test, pair in tests.items()}


rows = []
for seed, scores, path in zip(
    snakemake.params.seeds, snakemake.input.scores, snakemake.input.clusters, strict=True
):
    errors = scorefiles.read_scores(scores, snakemake.params.anomaly_score)
    found = scorefiles.read_scores(path, scorefiles.COMPONENT)
    cut = choose_cut(errors[CONTROL], **snakemake.params.cut)
    labels = {test: errors[test] > cut.threshold for test in found}
    against_truth = compare(found, truths)
    if len(truths) < len(found):
        against_truth.pop("all", None)  # some of the tests are not all of them
    for test, row in compare(found, labels).items():
        rows.append(
            {"model": snakemake.wildcards.model, "seed": seed, "test": test}
            | {"components": snakemake.params.mixture_components}
            | row
            | {f"{name}_truth": value for name, value in against_truth.get(test, {}).items()}
        )
write(pd.DataFrame(rows), snakemake.output[0])
