"""Draw bias and coverage against the true fraction."""

from oddjet.common import logs
from oddjet.common.tables import read
from oddjet.draw import coverage_figures, style

logs.set_up(snakemake.log[0])
style.save(coverage_figures.overview(read(snakemake.input[0])), snakemake.output.coverage)
