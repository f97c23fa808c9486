"""Prepare the normal sample."""

from oddjet import logs, samples

logs.set_up(snakemake.log[0])
params = snakemake.params
samples.prepare_normal(
    snakemake.input.raw, params.key, snakemake.output[0], params.preprocessing, params.split
)
