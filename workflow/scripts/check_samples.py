"""Check that the prepared samples fit together, and list them."""

from oddjet import cuts, logs, samples
from oddjet.tables import write

logs.set_up(snakemake.log[0])
params = snakemake.params
least = cuts.least_control(params.max_fpr, params.fpr_confidence)
tests = dict(zip(params.tests, snakemake.input.tests, strict=True))
table = samples.check_together(
    snakemake.input.normal, tests, params.files, params.validation, least, params.max_fpr
)
write(table, snakemake.output[0])
