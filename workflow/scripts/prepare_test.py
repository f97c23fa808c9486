"""Prepare one test as the normal sample was."""

from oddjet.common import memory, script
from oddjet.prepare import sample_files, samples

script.begin(snakemake)
memory.keep_freed()
given, params = snakemake.input, snakemake.params
sample = sample_files.given(params.sample, given)
samples.prepare_test(
    sample,
    params.images,
    snakemake.output[0],
    params.preprocessing,
    given.crop or None,
    params.contents,
    given.like or None,
    given.pieces,
)
