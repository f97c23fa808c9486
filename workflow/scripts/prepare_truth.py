"""Check the truth of one test."""

from oddjet.common import logs
from oddjet.prepare import samples

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
if params.label is None:
    samples.prepare_truth(
        {"file": list(given.raw)} | params.truth, given.test, snakemake.output[0], params.contents
    )
else:
    samples.prepare_known_truth(params.label, given.test, snakemake.output[0])
