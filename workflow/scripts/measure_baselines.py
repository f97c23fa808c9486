"""Validate the baselines against truth."""

import numpy as np
import pandas as pd

from oddjet import baselines, ensemble, logs, scoring, validation
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
params, given = snakemake.params, snakemake.input
truths = {
    test: scoring.read_truth(path) for test, path in zip(params.truths, given.truths, strict=True)
}
quantities = validation.read_followed(given.normal, dict(zip(truths, given.tests, strict=True)))


def of_seeds(paths: list[str], name: str) -> dict:
    """Scores by seed."""
    found = [scoring.read_scores(path, name) for path in paths]
    return dict(zip(params.seeds, found, strict=True))


# what needs no training is the same for all seeds
scores = {
    name: {"ensemble": scoring.read_scores(given.scores[0], name)} for name in baselines.QUANTITIES
}
for name in baselines.LEARNT:
    found = of_seeds(given.scores, name)
    scores[name] = found | {"ensemble": ensemble.mean_rank(list(found.values()))}
if given.supervised:
    found = of_seeds(given.supervised, baselines.SUPERVISED)
    parts = found[params.seeds[0]]
    mean = {part: np.mean([of[part] for of in found.values()], axis=0) for part in parts}
    scores[baselines.SUPERVISED] = found | {"ensemble": mean}

table = pd.DataFrame(
    {"model": "baseline", "score": name} | row
    for name, of in scores.items()
    for row in validation.tabulate(of, truths, quantities, params.max_fpr)
)
with replacing(snakemake.output[0]) as partial:
    table.to_csv(partial, index=False)
