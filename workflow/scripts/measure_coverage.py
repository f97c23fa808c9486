"""Measure bias and coverage of every estimator, and how far answers can be trusted."""

from oddjet.common import script
from oddjet.common.tables import write
from oddjet.evaluate import coverage, pool
from oddjet.evaluate.pseudo_experiments import Distortion, experiments

script.begin(snakemake)
params, wildcards = snakemake.params, snakemake.wildcards
jets, events = pool.read_pool(snakemake.input.pool), int(wildcards.events)
# the same experiments whatever else is measured
seed = [events, *(round(1e6 * fraction) for fraction in params.pair)]
distortion = Distortion(**params.distortion)
drawn = experiments(jets, events, params.pair, params.repeats, seed, distortion)
scored = (
    coverage.Scored.tagged(one, number) if jets.training else coverage.Scored.of(one)
    for number, one in enumerate(drawn)
)
tables = coverage.measure(
    scored,
    params.pair,
    params.estimation,
    params.contamination,
    params.background_tilt,
    params.check_level,
    params.checks,
)
for name, table in zip(("coverage", "trust"), tables, strict=True):
    table.insert(0, "score", wildcards.score)
    table.insert(1, "distortion", wildcards.distortion)
    table.insert(2, "events", events)
    write(table, snakemake.output[name])
