"""Merge the coverage of all scores, test sizes and fractions."""

import pandas as pd

from oddjet.common import logs
from oddjet.common.tables import read, write

logs.set_up(snakemake.log[0])
write(pd.concat([read(path) for path in snakemake.input.cells]), snakemake.output[0])
