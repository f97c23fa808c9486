"""Draw what the anomalous jets look like, with the headline model."""

from collections.abc import Iterator

import h5py
import numpy as np

from oddjet.common import script
from oddjet.common.intervals import sigmas
from oddjet.common.tables import read
from oddjet.draw import class_figures, excess_figures, style
from oddjet.estimate import feature_files
from oddjet.estimate.excess import Fraction, Images, mean_image
from oddjet.evaluate import truth
from oddjet.prepare.sparse import SparseFile

script.begin(snakemake)
given, params = snakemake.input, snakemake.params
summary, table, peaks = read(given.summary), read(given.excess), read(given.peaks)
headline = summary.model[summary.headline].iloc[0]
units = class_figures.units(*feature_files.units_of(given.normal, bool(params.scale)))
labelled = truth.read_truths(params.truths, given.truths)
tests = dict(zip(params.tests, given.tests, strict=True))
jets: dict = {name: {} for name in class_figures.QUANTITIES}
for test in params.truths:
    with h5py.File(tests[test]) as sample:
        for name, found in jets.items():
            values = sample["features"][name][:] * params.scale.get(name, 1.0)
            found[test] = values[labelled[test] == 1]
figure = excess_figures.distributions(
    table[table.model == headline], peaks[peaks.model == headline], jets, units
)
style.save(figure, snakemake.output.excess)


def images(path: str, rows: np.ndarray | None = None) -> Images:
    """The mean image of a prepared sample, or of some rows of it."""

    def pieces() -> Iterator[np.ndarray]:
        with h5py.File(path) as file:
            store = SparseFile(file)
            for _, piece in store.pieces(np.arange(len(store)) if rows is None else rows):
                yield piece.dense()

    return Images.of(pieces())


with h5py.File(given.normal) as file:
    control = images(given.normal, np.flatnonzero(file["control"][:]))
shown = {}
for one in summary[summary.model == headline].itertuples():
    if one.test not in set(table[table.model == headline].test):
        continue  # nothing to divide by
    ends = (one.fraction, one.low, one.high)
    fraction = Fraction.beside(params.contamination, ends, sigmas(params.confidence))
    found, deviation = mean_image(
        images(tests[one.test]), control, fraction.value, fraction.statistical
    )
    true = np.flatnonzero(labelled.get(one.test, np.zeros(0)))
    shown[one.test] = (found, deviation, images(tests[one.test], true).mean if len(true) else None)
style.save(excess_figures.mean_images(control.mean, shown), snakemake.output.excess_images)
