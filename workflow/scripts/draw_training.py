"""Draw the learning curves of one model."""

from oddjet.common import script
from oddjet.common.tables import read
from oddjet.draw import style, training_figures

script.begin(snakemake)
paths = zip(snakemake.params.seeds, snakemake.input.histories, strict=True)
histories = {seed: read(path) for seed, path in paths}
figure = training_figures.learning_curves(
    snakemake.wildcards.model, snakemake.params.loss, histories
)
style.save(figure, snakemake.output.learning_curves)
