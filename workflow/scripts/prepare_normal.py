"""Prepare the normal sample."""

from oddjet.common import logs
from oddjet.prepare import sample_files, samples

logs.set_up(snakemake.log[0])
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
)
