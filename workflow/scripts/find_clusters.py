"""Find clusters in the latents of one training."""

import h5py

from oddjet import clusters, logs, scorefiles
from oddjet.files import replacing
from oddjet.parts import tests_of
from oddjet.provenance import describe

logs.set_up(snakemake.log[0])
seed = int(snakemake.wildcards.seed)
components = snakemake.params.components
latents = scorefiles.read_scores(snakemake.input.scores, "latent")
found = clusters.find_clusters(
    {test: latents[test] for test in tests_of(latents)},
    scorefiles.read_scores(snakemake.input.scores, snakemake.params.score),
    components,
    seed,
)
with (
    replacing(snakemake.output[0]) as partial,
    h5py.File(partial, "w", track_order=True) as target,
):
    for test, numbers in found.items():
        target[f"{test}/component"] = numbers
    target.attrs.update(
        describe({"components": components}, {"scores": snakemake.input.scores}, seed=seed)
    )
