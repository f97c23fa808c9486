"""Measure bias and coverage of every estimator, and how far answers can be trusted."""

from oddjet.common import logs
from oddjet.common.tables import write
from oddjet.evaluate import coverage, pool

logs.set_up(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
background, signal, control = pool.read_pool(snakemake.input.pool)
events, seed = int(wildcards.events), int(wildcards.pair)
drawn = coverage.experiments(background, signal, control, events, params.pair, params.repeats, seed)
tables = coverage.measure(drawn, params.pair, params.estimation, params.check_level)
for name, table in zip(("coverage", "trust"), tables, strict=True):
    table.insert(0, "score", wildcards.score)
    table.insert(1, "events", events)
    write(table, snakemake.output[name])
