"""Prepare the normal sample."""

from oddjet.common import logs
from oddjet.prepare import samples

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
samples.prepare_normal(
    {"file": given.raw} | params.sample,
    params.images,
    snakemake.output[0],
    params.preprocessing,
    params.split,
    given.like or None,
)
