"""Draw bias and coverage, trusted answers, distortions, and how well the tagger learns."""

from oddjet.common import script
from oddjet.common.tables import read
from oddjet.draw import coverage_figures, style

script.begin(snakemake)
tables = {name: read(path) for name, path in snakemake.input.items()}
trusted, made = tables["trust"], snakemake.output
style.save(coverage_figures.overview(tables["coverage"]), made.coverage)
style.save(coverage_figures.trust(trusted), made.trust)
style.save(coverage_figures.distortions(trusted), made.distortions)
style.save(coverage_figures.separation(trusted), made.tagger_auc)
