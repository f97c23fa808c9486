"""Prepare one test as the normal sample was."""

from oddjet.common import logs
from oddjet.prepare import samples

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
sample = {"file": list(given.raw)} | params.sample
if given.weights:
    sample["weight"] = {"file": list(given.weights)} | sample["weight"]
samples.prepare_test(
    sample,
    params.images,
    snakemake.output[0],
    params.preprocessing,
    given.normal,
    params.contents,
    given.like or None,
)
