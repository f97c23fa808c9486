"""Prepare the normal sample."""

from oddjet.common import memory, script
from oddjet.prepare import sample_files, samples

script.begin(snakemake)
memory.keep_freed()
given, params = snakemake.input, snakemake.params
sample = sample_files.given(params.sample, given)
samples.prepare_normal(
    sample,
    params.images,
    snakemake.output[0],
    params.preprocessing,
    params.split,
    params.contents,
    given.like or None,
    given.pieces,
    given.crop or None,
)
