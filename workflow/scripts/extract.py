"""Take one file out of an archive."""

from oddjet.common import script
from oddjet.prepare import archives

script.begin(snakemake)
archives.extract(snakemake.input[0], snakemake.params.member, snakemake.output[0])
