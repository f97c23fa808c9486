"""Download one of the course's files."""

from oddjet.common import script
from oddjet.prepare import download

script.begin(snakemake.log[0], snakemake.input)
download.fetch_course(snakemake.params.url, snakemake.output[0])
