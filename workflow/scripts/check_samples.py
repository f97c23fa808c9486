"""Check that the prepared samples fit together, and list them."""

import logging

import pandas as pd

from oddjet.common import script
from oddjet.common.tables import write
from oddjet.estimate import cuts, feature_files
from oddjet.prepare import samples

script.begin(snakemake)
params = snakemake.params
least = cuts.least_control(params.max_fpr, params.fpr_confidence)
tests = dict(zip(params.tests, snakemake.input.tests, strict=True))
rows = samples.check_together(
    snakemake.input.normal, tests, params.files, params.validation, least, params.max_fpr
)
feature_files.names_of(snakemake.input.normal, params.exclude)  # an error here costs no training
sources = samples.sources({"normal": snakemake.input.normal, **tests}, params.files)
for row in rows:
    if row["warnings"]:
        logging.warning("%s (%s): %s", row["sample"], row["file"], row["warnings"])
write(pd.DataFrame(rows), snakemake.output.samples)
write(pd.DataFrame(sources), snakemake.output.sources)
