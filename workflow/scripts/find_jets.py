"""Find the jets of the events of a sample."""

from oddjet.common import logs
from oddjet.prepare import jet_finding, sample_files

logs.set_up(snakemake.log[0])
params = snakemake.params
sample = sample_files.given(params.sample, snakemake.input)
jet_finding.find_jets(sample, params.images, snakemake.output[0], params.contents)
