"""Draw the fractions of all tests."""

import pandas as pd

from oddjet import logs
from oddjet.figures import fractions, style

logs.set_up(snakemake.log[0])
table = pd.read_csv(snakemake.input.fractions, dtype={"seed": str})
truth = pd.Series(dtype=float)
if snakemake.input.detection:
    truth = pd.read_csv(snakemake.input.detection).groupby("test").true_fraction.first()
style.save(fractions.overview(table, truth), snakemake.output.fractions)
