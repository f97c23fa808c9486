"""Draw example jets and mean images of all samples, and what a crop keeps of the normal one."""

import h5py
import numpy as np

from oddjet.common import script
from oddjet.draw import image_figures, style
from oddjet.prepare.sparse import SparseFile

EXAMPLES = 6

script.begin(snakemake)
paths = {"normal": snakemake.input.normal}
paths |= dict(zip(snakemake.params.tests, snakemake.input.tests, strict=True))
some, means = {}, {}
for sample, path in paths.items():
    with h5py.File(path) as file:
        store = SparseFile(file)
        some[sample] = store.read(0, min(EXAMPLES, len(store))).dense()
        total = np.zeros(store.shape)
        for _, piece in store.pieces(np.arange(len(store))):
            total += piece.dense().sum(axis=0, dtype=np.float64)
        means[sample] = total / len(store)
        size = store.shape[1:]
style.save(image_figures.examples(some, size), snakemake.output.examples)
style.save(image_figures.means(means), snakemake.output.means)
with h5py.File(snakemake.input.normal) as file:
    curve = {name: values[:] for name, values in file["crop_curve"].items()}
    figure = image_figures.crop(curve, tuple(file.attrs["raw_shape"]), file.attrs.get("crop"))
style.save(figure, snakemake.output.crop)
