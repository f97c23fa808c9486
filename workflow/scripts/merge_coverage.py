"""Merge the coverage and the trust of all scores, test sizes and fractions."""

import pandas as pd

from oddjet.common import logs
from oddjet.common.tables import read, write

logs.set_up(snakemake.log[0])
for name, file in snakemake.output.items():
    write(pd.concat([read(path) for path in snakemake.input[name]]), file)
