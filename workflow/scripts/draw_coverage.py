"""Draw bias and coverage, and trusted answers, against the true fraction."""

from oddjet.common import logs
from oddjet.common.tables import read
from oddjet.draw import coverage_figures, style

logs.set_up(snakemake.log[0])
tables = {name: read(path) for name, path in snakemake.input.items()}
style.save(coverage_figures.overview(tables["coverage"]), snakemake.output.coverage)
style.save(coverage_figures.trust(tables["trust"]), snakemake.output.trust)
