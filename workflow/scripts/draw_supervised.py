"""Draw what one supervised network learnt, over all seeds."""

from oddjet.common import scorefiles, script
from oddjet.common.tables import overall, read
from oddjet.draw import roc_figures, style, supervised_figures
from oddjet.evaluate import truth

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
network = snakemake.wildcards.network
name = scorefiles.supervised(network)
histories = [read(path) for path in given.histories]
histories = [history[history.network == network] for history in histories]
figure = supervised_figures.learning_curves(
    network, dict(zip(params.seeds, histories, strict=True))
)
style.save(figure, made.supervised_learning_curves)

table = read(given.roc)
curves = roc_figures.by_seed(overall(table[table.score == name]))
style.save(
    roc_figures.rejection({" and ".join(params.truths): curves}, params.max_fpr),
    made.supervised_roc,
)

truths = truth.read_truths(params.truths, given.truths)
found = [truth.labelled(scorefiles.read_scores(path, name), truths) for path in given.scores]
labels, _ = found[0]
style.save(
    supervised_figures.output(network, labels, [logits for _, logits in found]),
    made.supervised_output,
)
