"""Draw the scores of the weak tagger, and which features tell the tests from control."""

from oddjet.common import script
from oddjet.common.parts import CONTROL, TAGGER_SCORE, tests_of
from oddjet.common.tables import read
from oddjet.draw import score_figures, style, tagger_figures
from oddjet.estimate import ensemble
from oddjet.estimate.cuts import choose_cut

script.begin(snakemake)
params, given, made = snakemake.params, snakemake.input, snakemake.output
scores = ensemble.read(given.scores, TAGGER_SCORE)
cut = choose_cut(scores[CONTROL], **params.cut)
figure = score_figures.histograms(scores, tests_of(scores), cut.threshold, ranks=True)
style.save(figure, made.tagger_scores)
style.save(tagger_figures.features(read(given.features)), made.tagger_features)
