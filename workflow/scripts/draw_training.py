"""Draw the learning curves of one model."""

import pandas as pd

from oddjet.common import script
from oddjet.draw import style, training_figures

script.begin(snakemake)
paths = zip(snakemake.params.seeds, snakemake.input.histories, strict=True)
histories = {seed: pd.read_csv(path) for seed, path in paths}
figure = training_figures.learning_curves(snakemake.wildcards.model, histories)
style.save(figure, snakemake.output.learning_curves)
