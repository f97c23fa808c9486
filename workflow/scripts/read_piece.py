"""Read and check a piece of a sample."""

from oddjet.common import memory, script
from oddjet.prepare import piece_files, sample_files

script.begin(snakemake)
memory.keep_freed()
given, params = snakemake.input, snakemake.params
sample = sample_files.given(params.sample, given)
piece_files.read_piece(sample, params.images, params.part, snakemake.output[0], params.contents)
