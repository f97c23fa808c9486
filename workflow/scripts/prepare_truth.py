"""Check the truth of one test."""

from oddjet.common import script
from oddjet.prepare import samples

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
if params.label is None:
    samples.prepare_truth(
        {"file": list(given.raw)} | params.truth, given.test, snakemake.output[0], params.contents
    )
else:
    samples.prepare_known_truth(params.label, given.test, snakemake.output[0])
