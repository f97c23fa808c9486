"""Write the submission to HEPData."""

from oddjet.common import scorefiles, script
from oddjet.common.parts import CONTROL, TAGGER_SCORE, WEAK, tests_of
from oddjet.common.tables import overall, read
from oddjet.draw import class_figures, score_figures
from oddjet.estimate import ensemble, feature_files
from oddjet.evaluate import truth
from oddjet.planning.figures import FIGURES
from oddjet.publish import hepdata
from oddjet.summarise.captions import caption

script.begin(snakemake)
given, params = snakemake.input, snakemake.params


def picture(name: str, file: str, number: int | None = None) -> hepdata.Picture:
    """A figure, one of several by its number, with the caption of Snakemake's report."""
    called = name if number is None else f"{name}_{number}"
    return hepdata.Picture(file, called, FIGURES[name].title, caption(name, snakemake))


summary = read(given.summary)
confidence = params.config["fraction"]["confidence"]
table = hepdata.fractions_table(summary, read(given.uncertainty_budget), confidence)
tables = [(table, picture("fractions", given.fractions_figure))]

quoted = [*params.models, WEAK]
for number, (model, figure) in enumerate(zip(quoted, given.scores_figures, strict=True), 1):
    if model == WEAK:
        name, scores = "tagger_scores", ensemble.read(given.tagged, TAGGER_SCORE)
    else:
        name = "scores"
        scores = scorefiles.read_scores(given.scores[number - 1], params.anomaly_score)
    shown = {part: scores[part] for part in (CONTROL, *tests_of(scores))}
    edges = score_figures.RANKS if model == WEAK else score_figures.edges_of(list(shown.values()))
    seeds = "all, mean rank" if model == WEAK else str(params.seed)
    table = hepdata.scores_table(number, model, seeds, shown, edges)
    tables.append((table, picture(name, figure, number)))

background = "jets labelled normal"
if params.truths:
    fractions = truth.true_fractions(read(given.detection))
    if truth.lack_background(fractions, params.truths):
        background = "control jets"
for number, path in enumerate(given.roc, 1):
    model = quoted[number - 1]
    points = read(path)
    dataset = TAGGER_SCORE if model == WEAK else params.anomaly_score
    points = overall(points[(points.score == dataset) & (points.seed == "ensemble")])
    name = "tagger_roc" if model == WEAK else "roc"
    table = hepdata.roc_table(number, model, points, background)
    tables.append((table, picture(name, given.roc_figures[number - 1], number)))

excess = read(given.excess)
units = class_figures.units(*feature_files.units_of(given.normal, bool(params.scale)))
excess = excess[excess.model == summary.model[summary.headline].iloc[0]]
tables += [
    (table, picture("excess", given.excess_figure))
    for table in hepdata.excess_tables(excess, class_figures.QUANTITIES, units)
]

hepdata.write(
    snakemake.output[0],
    tables,
    f"{params.config['publish']['title']}. {caption('summary', snakemake)}",
    params.config["publish"]["licence"],
    {
        "All numbers of the run, typed": given.result,
        "Its JSON Schema": given.schema,
        "The excess in every feature, of every model": given.excess,
    },
)
