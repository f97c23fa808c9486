"""Merge the tables of all models into the summary."""

from itertools import product

import pandas as pd

from oddjet.common import script
from oddjet.common.tables import read, write
from oddjet.summarise import summary

script.begin(snakemake)
tables = {}
for name in (
    "fractions",
    "checks",
    "uncertainty_budget",
    "discovery",
    "sensitivity",
    "excess",
    "excess_peaks",
    "excess_agreement",
    "purity",
    "detection",
):
    if paths := snakemake.input.get(name):
        tables[name] = pd.concat([read(path) for path in paths])
pairs = product(snakemake.params.models, snakemake.params.seeds)
histories = zip(pairs, snakemake.input.histories, strict=True)
tables["training"] = summary.training_table({pair: read(path) for pair, path in histories})
tagger = pd.concat([read(path) for path in snakemake.input.learnt])
tables["training"] = summary.with_tagger(tables["training"], tagger)
every = tables | {"samples": read(snakemake.input.samples)}
tables["summary"] = summary.summarise(every, snakemake.params.known, **snakemake.params.quoting)
tables["tagger"] = tagger
for name, table in tables.items():
    write(table, snakemake.output[name])
