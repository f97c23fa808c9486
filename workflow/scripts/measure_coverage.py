"""Measure bias and coverage of every estimator in pseudo-experiments."""

from oddjet.common import logs
from oddjet.common.tables import write
from oddjet.evaluate import coverage

logs.set_up(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
background, signal, control = coverage.read_pool(snakemake.input.pool)
events, seed = int(wildcards.events), int(wildcards.pair)
drawn = coverage.experiments(background, signal, control, events, params.pair, params.repeats, seed)
table = coverage.measure(drawn, params.pair, params.estimation)
table.insert(0, "score", wildcards.score)
table.insert(1, "events", events)
write(table, snakemake.output[0])
