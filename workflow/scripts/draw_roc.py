"""Draw the ROC curves of one model."""

from oddjet import ensemble, logs, scorefiles, validation
from oddjet.figures import scores, style

logs.set_up(snakemake.log[0])
errors = [scorefiles.read_scores(path, snakemake.params.score) for path in snakemake.input.scores]
named = {f"seed {s}": e for s, e in zip(snakemake.params.seeds, errors, strict=True)}
named["ensemble"] = ensemble.mean_rank(errors)
curves = {}
for test, path in zip(snakemake.params.truths, snakemake.input.truths, strict=True):
    truth = {test: scorefiles.read_truth(path)}
    curves[test] = {name: validation.labelled(parts, truth) for name, parts in named.items()}
style.save(scores.roc(curves, snakemake.params.max_fpr), snakemake.output.roc)
