"""Merge the coverage of all scores, test sizes and fractions."""

import pandas as pd

from oddjet import logs
from oddjet.files import replacing
from oddjet.tables import read

logs.set_up(snakemake.log[0])
with replacing(snakemake.output[0]) as partial:
    pd.concat([read(path) for path in snakemake.input.cells]).to_csv(partial, index=False)
