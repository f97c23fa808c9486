"""Draw bias and coverage, trusted answers, distortions, and how well the tagger learns."""

from oddjet.common import logs
from oddjet.common.tables import read
from oddjet.draw import coverage_figures, style

logs.set_up(snakemake.log[0])
tables = {name: read(path) for name, path in snakemake.input.items()}
for name, figure in (
    ("coverage", coverage_figures.overview(tables["coverage"])),
    ("trust", coverage_figures.trust(tables["trust"])),
    ("distortions", coverage_figures.distortions(tables["trust"])),
    ("tagger_auc", coverage_figures.separation(tables["trust"])),
):
    style.save(figure, snakemake.output[name])
