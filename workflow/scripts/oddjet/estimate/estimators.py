"""What the estimators and the checks are called, and what they assume."""

ESTIMATORS = {
    "joint": "Common likelihood fit of all tests: the lowest scores (the anchor) count the "
    "background of each, and the tests share one free signal shape. Assumes that no anomalous jet "
    "scores as low as the anchor; otherwise it reads low.",
    "bbe": "1 - M(A) / B(A) in the region A of low scores where it is lowest (best bin "
    "estimation). Assumes that the lowest scores are background alone; otherwise it reads low.",
    "weak": "bbe on the score of a small classifier that was trained to tell the test from control "
    "jets (positive-unlabelled learning). Assumes as bbe does; reads low where there are few "
    "jets to learn from.",
    "cwola": "bbe on the score of a small classifier that was trained to tell the test from the "
    "other tests (classification without labels). Assumes as bbe does, and tests of different "
    "fractions; with the same fraction it reads low.",
    "template": "Likelihood fit of control jets and simulated anomalous jets to the test. Assumes "
    "that the simulation describes the anomalous jets.",
    "cut": "Share of jets above the cut. Assumes nothing; biased by (1 - f) FPR - f (1 - TPR).",
    "corrected": "(share above the cut - FPR) / (1 - FPR). Assumes that every anomalous jet passes "
    "the cut (TPR = 1); otherwise it reads low, so it is a lower bound.",
    "lower_bound": "1 - the most background that fits below every threshold at once. Assumes "
    "nothing about the signal: a lower bound of the stated confidence, for any sample size.",
}
LOWER_BOUNDS = ("corrected", "lower_bound")
# these estimate the fraction itself, under the same assumption and in different ways
ENVELOPE = ("joint", "bbe", "weak")

CHECKS = {
    "proportionality": "M - B has the same shape in both tests: they hold the same anomalous jets "
    "and the background of the control jets, only in other fractions",
    "background_scores": "the low scores of the test are distributed as those of control jets",
    "background_features": "no classifier tells the low-score jets of the test from control jets "
    "by their latents and by the sum and the number of lit pixels of their raw images",
}
