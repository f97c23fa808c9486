"""Draw the quantities and the principal components of labelled jets by class."""

import numpy as np

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL
from oddjet.draw import class_figures, style
from oddjet.estimate import feature_files
from oddjet.evaluate import truth

script.begin(snakemake)
given = snakemake.input
truths = truth.read_truths(snakemake.params.truths, given.truths)
labels = np.concatenate(list(truths.values()))
tests = dict(zip(truths, given.tests, strict=True))
jets = feature_files.read_parts(given.normal, tests, class_figures.QUANTITIES)
labelled = np.concatenate([jets[test] for test in tests])
units = class_figures.units(*feature_files.units_of(given.normal))
values = {
    name: class_figures.by_class(labels, labelled[:, column]) | {CONTROL: jets[CONTROL][:, column]}
    for column, name in enumerate(class_figures.QUANTITIES)
}
style.save(class_figures.quantities(values, units), snakemake.output.quantities)

shares, parts = scorefiles.read_plane(given.baselines)
figure = class_figures.plane(shares, class_figures.by_class(*truth.labelled(parts, truths)))
style.save(figure, snakemake.output.pca_plane)
