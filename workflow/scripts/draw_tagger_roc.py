"""Draw the ROC curves of the weak tagger."""

from oddjet.common import script
from oddjet.common.tables import read
from oddjet.draw import roc_figures, style

script.begin(snakemake)
params = snakemake.params
table = read(snakemake.input.roc)
curves = {test: roc_figures.by_seed(table[table.test == test]) for test in params.truths}
style.save(roc_figures.rejection(curves, params.max_fpr), snakemake.output.tagger_roc)
