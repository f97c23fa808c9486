"""Prepare one raw sample."""

from oddjet import logs, samples

logs.set_up(snakemake.log[0])
samples.prepare(
    snakemake.input.raw, snakemake.params.key, snakemake.output[0], snakemake.params.split
)
