"""Fetch a file of a sample."""

from oddjet.common import script
from oddjet.prepare import download

script.begin(snakemake)
params = snakemake.params
download.fetch(params.url, snakemake.output[0], params.algorithm, params.checksum)
