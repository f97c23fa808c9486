"""Draw what the anomalous jets look like, with the headline model."""

import h5py

from oddjet.common import logs
from oddjet.common.tables import read
from oddjet.draw import class_figures, excess_figures, style
from oddjet.evaluate import truth

logs.set_up(snakemake.log[0])
given, params = snakemake.input, snakemake.params
summary, table = read(given.summary), read(given.excess)
headline = summary.model[summary.headline].iloc[0]
with h5py.File(given.normal) as file:
    momentum, length = (file.attrs[f"{name}_unit"] for name in ("momentum", "length"))
units = class_figures.units(momentum, "rad" if params.scale else length)
labelled = truth.read_truths(params.truths, given.truths)
jets: dict = {name: {} for name in class_figures.QUANTITIES}
for test, path in zip(params.truths, given.tests, strict=True):
    with h5py.File(path) as sample:
        for name, found in jets.items():
            values = sample["features"][name][:] * params.scale.get(name, 1.0)
            found[test] = values[labelled[test] == 1]
figure = excess_figures.distributions(table[table.model == headline], jets, units)
style.save(figure, snakemake.output.excess)
