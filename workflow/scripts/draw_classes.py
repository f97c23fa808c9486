"""Draw the quantities and the principal components of labelled jets by class."""

import h5py
import numpy as np

from oddjet import logs, scorefiles, truth
from oddjet.figures import classes, style
from oddjet.parts import CONTROL


def read(path: str) -> dict[str, np.ndarray]:
    """The quantities of all jets of a prepared sample, by name."""
    with h5py.File(path) as sample:
        return {name: sample["quantities"][name][:] for name in classes.QUANTITIES}


logs.set_up(snakemake.log[0])
given = snakemake.input
truths = truth.read_truths(snakemake.params.truths, given.truths)
labels = np.concatenate(list(truths.values()))
normal, tests = read(given.normal), [read(path) for path in given.tests]
with h5py.File(given.normal) as file:
    control = file["control"][:]
    units = classes.units(file.attrs["momentum_unit"], file.attrs["length_unit"])
values = {
    name: classes.by_class(labels, np.concatenate([test[name] for test in tests]))
    | {CONTROL: normal[name][control]}
    for name in classes.QUANTITIES
}
style.save(classes.quantities(values, units), snakemake.output.quantities)

shares, parts = scorefiles.read_plane(given.baselines)
figure = classes.plane(shares, classes.by_class(*truth.labelled(parts, truths)))
style.save(figure, snakemake.output.pca_plane)
