"""Draw bias and coverage against the true fraction."""

from oddjet import logs
from oddjet.figures import coverage, style
from oddjet.tables import read

logs.set_up(snakemake.log[0])
style.save(coverage.overview(read(snakemake.input[0])), snakemake.output.coverage)
