"""Draw the quantities and the principal components of labelled jets by class."""

import h5py
import numpy as np

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL
from oddjet.draw import class_figures, style
from oddjet.evaluate import truth


def read(path: str) -> dict[str, np.ndarray]:
    """The quantities of all jets of a prepared sample, by name."""
    with h5py.File(path) as sample:
        return {name: sample["features"][name][:] for name in class_figures.QUANTITIES}


script.begin(snakemake)
given = snakemake.input
truths = truth.read_truths(snakemake.params.truths, given.truths)
labels = np.concatenate(list(truths.values()))
normal, tests = read(given.normal), [read(path) for path in given.tests]
with h5py.File(given.normal) as file:
    control = file["control"][:]
    units = class_figures.units(file.attrs["momentum_unit"], file.attrs["length_unit"])
values = {
    name: class_figures.by_class(labels, np.concatenate([test[name] for test in tests]))
    | {CONTROL: normal[name][control]}
    for name in class_figures.QUANTITIES
}
style.save(class_figures.quantities(values, units), snakemake.output.quantities)

shares, parts = scorefiles.read_plane(given.baselines)
figure = class_figures.plane(shares, class_figures.by_class(*truth.labelled(parts, truths)))
style.save(figure, snakemake.output.pca_plane)
