"""Draw the fractions of all tests."""

import pandas as pd

from oddjet.common import script
from oddjet.common.tables import read
from oddjet.draw import fraction_figures, style

script.begin(snakemake)
table = read(snakemake.input.fractions)
truth = pd.Series(dtype=float)
if snakemake.input.detection:
    truth = read(snakemake.input.detection).groupby("test").true_fraction.first()
style.save(fraction_figures.overview(table, truth), snakemake.output.fractions)
figure = fraction_figures.sensitivity(read(snakemake.input.sensitivity))
style.save(figure, snakemake.output.sensitivity)
budget = read(snakemake.input.uncertainty_budget)
style.save(fraction_figures.budget(budget), snakemake.output.uncertainty_budget)
