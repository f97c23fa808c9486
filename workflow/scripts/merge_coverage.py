"""Merge the coverage and the trust of all scores, test sizes and fractions."""

import pandas as pd

from oddjet.common import script
from oddjet.common.tables import read, write

script.begin(snakemake)
for name, file in snakemake.output.items():
    write(pd.concat([read(path) for path in snakemake.input[name]]), file)
