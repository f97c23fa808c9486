"""Download one of the course's files."""

from oddjet.common import logs
from oddjet.prepare import download

logs.set_up(snakemake.log[0])
download.fetch_course(snakemake.params.url, snakemake.output[0])
