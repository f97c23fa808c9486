"""Find the jets of the events of a sample."""

from oddjet.common import script
from oddjet.prepare import jet_finding, sample_files

script.begin(snakemake)
params = snakemake.params
sample = sample_files.given(params.sample, snakemake.input)
jet_finding.find_jets(sample, params.images, snakemake.output[0], params.contents)
