"""Check that the prepared samples fit together, and list them."""

from oddjet import fractions, logs, samples
from oddjet.files import replacing

logs.set_up(snakemake.log[0])
max_fpr = snakemake.params.max_fpr
least = fractions.least_control(max_fpr, snakemake.params.fpr_confidence)
tests = dict(zip(snakemake.params.tests, snakemake.input.tests, strict=True))
table = samples.check_together(snakemake.input.normal, tests, least, max_fpr)
with replacing(snakemake.output[0]) as partial:
    table.to_csv(partial, index=False)
