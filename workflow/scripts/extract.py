"""Take one file out of an archive."""

from oddjet.common import logs
from oddjet.prepare import archives

logs.set_up(snakemake.log[0])
archives.extract(snakemake.input[0], snakemake.params.member, snakemake.output[0])
