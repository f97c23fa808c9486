"""Download one of the course's files."""

from oddjet import download, logs

logs.set_up(snakemake.log[0])
download.fetch(snakemake.params.url, snakemake.output[0])
