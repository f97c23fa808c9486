"""Find clusters in the latents of one training."""

from oddjet.common import hdf5_files, scorefiles, script
from oddjet.common.files import replacing
from oddjet.common.parts import CONTROL, tests_of
from oddjet.common.provenance import describe
from oddjet.estimate import clusters, latent_plane

script.begin(snakemake)
seed = int(snakemake.wildcards.seed)
components = snakemake.params.mixture_components
latents = scorefiles.read_scores(snakemake.input.scores, "latent")
tests = tests_of(latents)
found = clusters.find_clusters(
    {test: latents[test] for test in tests},
    scorefiles.read_scores(snakemake.input.scores, snakemake.params.anomaly_score),
    components,
    seed,
)
shares, places = latent_plane.principal_components(
    {part: latents[part] for part in (CONTROL, *tests)}
)
with (
    replacing(snakemake.output[0]) as partial,
    hdf5_files.create(partial, track_order=True) as target,
):
    for part, points in places.items():
        target[f"{part}/{scorefiles.PCA}"] = points
    for test, numbers in found.items():
        target[f"{test}/{scorefiles.COMPONENT}"] = numbers
    target.attrs[scorefiles.PCA_VARIANCE] = shares
    target.attrs.update(
        describe({"mixture_components": components}, {"scores": snakemake.input.scores}, seed=seed)
    )
