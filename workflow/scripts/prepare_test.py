"""Prepare one test as the normal sample was."""

from oddjet import logs, samples

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
samples.prepare_test(given.raw, params.key, snakemake.output[0], params.preprocessing, given.normal)
