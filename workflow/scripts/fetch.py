"""Fetch a file of a sample."""

from oddjet.common import logs
from oddjet.prepare import download

logs.set_up(snakemake.log[0])
params = snakemake.params
download.fetch(params.url, snakemake.output[0], params.algorithm, params.checksum)
