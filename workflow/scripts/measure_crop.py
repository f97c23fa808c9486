"""Measure the crop on the normal sample alone."""

from oddjet.common import memory, script
from oddjet.prepare import sample_files, samples

script.begin(snakemake)
memory.keep_freed()
given, params = snakemake.input, snakemake.params
sample = sample_files.given(params.sample, given)
samples.measure_crop(
    sample,
    params.images,
    snakemake.output[0],
    params.preprocessing,
    params.split,
    params.contents,
    given.pieces,
)
