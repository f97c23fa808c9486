"""Draw what one supervised network learnt, over all seeds."""

import pandas as pd

from oddjet import ensemble, logs, scorefiles, validation
from oddjet.figures import scores, style, supervised

logs.set_up(snakemake.log[0])
params, given, made = snakemake.params, snakemake.input, snakemake.output
network = snakemake.wildcards.network
histories = [pd.read_csv(path) for path in given.histories]
histories = [history[history.network.astype(str) == network] for history in histories]
figure = supervised.learning_curves(network, dict(zip(params.seeds, histories, strict=True)))
style.save(figure, made.learning_curves)

truths = scorefiles.read_truths(params.truths, given.truths)
name = scorefiles.supervised(network)
found = [scorefiles.read_scores(path, name) for path in given.scores]
curves = {f"seed {seed}": parts for seed, parts in zip(params.seeds, found, strict=True)}
curves["ensemble"] = ensemble.mean(found)
labelled = {name: validation.labelled(parts, truths) for name, parts in curves.items()}
style.save(scores.roc({" and ".join(truths): labelled}, params.max_fpr), made.roc)
labels, _ = labelled.pop("ensemble")
outputs = [logits for _, logits in labelled.values()]
style.save(supervised.output(network, labels, outputs), made.output)
