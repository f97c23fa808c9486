"""Measure bias and coverage of every estimator in pseudo-experiments."""

from oddjet import coverage, logs
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
params, wildcards = snakemake.params, snakemake.wildcards
background, signal, control = coverage.read_pool(snakemake.input.pool)
events, seed = int(wildcards.events), int(wildcards.pair)
drawn = coverage.experiments(background, signal, control, events, params.pair, params.repeats, seed)
table = coverage.measure(drawn, params.pair, params.estimation)
table.insert(0, "score", wildcards.score)
table.insert(1, "events", events)
with replacing(snakemake.output[0]) as partial:
    table.to_csv(partial, index=False)
