"""Draw the fractions of all tests."""

import pandas as pd

from oddjet import logs
from oddjet.figures import fractions, style
from oddjet.tables import read

logs.set_up(snakemake.log[0])
table = read(snakemake.input.fractions)
truth = pd.Series(dtype=float)
if snakemake.input.detection:
    truth = read(snakemake.input.detection).groupby("test").true_fraction.first()
style.save(fractions.overview(table, truth), snakemake.output.fractions)
budget = read(snakemake.input.error_budget)
style.save(fractions.budget(budget), snakemake.output.error_budget)
