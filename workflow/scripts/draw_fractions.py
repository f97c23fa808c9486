"""Draw the fractions of all tests."""

from oddjet.common import script
from oddjet.common.tables import read
from oddjet.draw import fraction_figures, style
from oddjet.evaluate import truth

script.begin(snakemake)
table = read(snakemake.input.fractions)
detection = snakemake.input.detection
fractions = truth.true_fractions(read(detection)) if detection else {}
style.save(fraction_figures.overview(table, fractions), snakemake.output.fractions)
figure = fraction_figures.sensitivity(read(snakemake.input.sensitivity))
style.save(figure, snakemake.output.sensitivity)
budget = read(snakemake.input.uncertainty_budget)
style.save(fraction_figures.budget(budget), snakemake.output.uncertainty_budget)
