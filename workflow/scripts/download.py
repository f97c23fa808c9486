"""Download one of the course's files."""

from oddjet.common import script
from oddjet.prepare import download

script.begin(snakemake)
download.fetch_course(snakemake.params.url, snakemake.output[0])
