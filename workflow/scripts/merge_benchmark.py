"""Merge what all models and baselines find, and what each training took."""

from itertools import product

import pandas as pd

from oddjet.common import script
from oddjet.common.tables import read, write
from oddjet.evaluate import comparison

script.begin(snakemake)
params, given = snakemake.params, snakemake.input
pairs = product(params.names.values(), params.seeds)
histories = dict(zip(pairs, map(read, given.histories), strict=True))
detection = pd.concat(map(read, given.detection))
# what only the benchmark trains lies in a folder of its own
detection["model"] = detection.model.replace(params.names)
table = comparison.merge(detection, histories)
write(table, snakemake.output[0])
