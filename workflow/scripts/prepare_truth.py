"""Check the truth of one test."""

from oddjet import logs, samples

logs.set_up(snakemake.log[0])
samples.prepare_truth(
    snakemake.input.raw, snakemake.params.key, snakemake.input.test, snakemake.output[0]
)
