"""Draw the ROC curves of one model, and its latent planes by class."""

from oddjet import ensemble, logs, scorefiles, validation
from oddjet.figures import classes, scores, style
from oddjet.parts import CONTROL, tests_of

logs.set_up(snakemake.log[0])
errors = [scorefiles.read_scores(path, snakemake.params.score) for path in snakemake.input.scores]
named = {f"seed {s}": e for s, e in zip(snakemake.params.seeds, errors, strict=True)}
named["ensemble"] = ensemble.mean_rank(errors)
truths = scorefiles.read_truths(snakemake.params.truths, snakemake.input.truths)
curves = {}
for test in truths:
    curves[test] = {
        name: validation.labelled(parts, {test: truths[test]}) for name, parts in named.items()
    }
style.save(scores.roc(curves, snakemake.params.max_fpr), snakemake.output.roc)

planes = {}
for seed, path in zip(snakemake.params.seeds, snakemake.input.scores, strict=True):
    latents = scorefiles.read_scores(path, "latent")
    # the plane of the figure that shows the samples
    pca, projected = scores.plane({part: latents[part] for part in (CONTROL, *tests_of(latents))})
    jets = classes.by_class(*validation.labelled(projected, truths))
    planes[f"seed {seed}"] = (pca.explained_variance_ratio_, jets)
style.save(classes.planes(planes), snakemake.output.latent_classes)
