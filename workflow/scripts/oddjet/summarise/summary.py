"""One row per model and test: the fraction to quote, and whether the checks are passed."""

from collections.abc import Iterator, Mapping

import pandas as pd

from oddjet.common.intervals import sigmas
from oddjet.common.parts import TAGGER_SCORE
from oddjet.estimate.declared import CHECKS, LOWER_BOUNDS

INVERTED = 1e-3  # p-value of an AUC below 0.5, from which on it is said
SURE = 0.95  # confidence with which an interval has to leave what is known, to contradict it


def training_table(histories: Mapping[tuple[str, int], pd.DataFrame]) -> pd.DataFrame:
    """A row per training: `model, seed, epochs, best_epoch, val_loss, blank_loss, mean_loss,
    collapsed`.

    A training is collapsed if its best validation loss does not beat both an all-zero image and the
    mean training image: it has learnt nothing about single jets.

    Args:
        histories: by model and seed, as `training.train` records them.
    """
    rows = []
    for (model, seed), history in histories.items():
        # a loss that is no number is no best one
        best = history.loc[history.val_loss.fillna(float("inf")).idxmin()]
        rows.append(
            {
                "model": model,
                "seed": seed,
                "epochs": len(history),
                "best_epoch": int(best.epoch),
                "val_loss": best.val_loss,
                "blank_loss": best.blank_loss,
                "mean_loss": best.mean_loss,
                "collapsed": not best.val_loss < min(best.blank_loss, best.mean_loss),
            }
        )
    return pd.DataFrame(rows)


def with_tagger(training: pd.DataFrame, tagger: pd.DataFrame) -> pd.DataFrame:
    """The trainings of the autoencoders and, a row per seed, those of the weak tagger.

    The tagger has neither epochs nor a validation loss; it is collapsed if it tells all tests
    together from control no better than chance.

    Args:
        training: as `training_table` makes it.
        tagger: `model, seed, test, collapsed`, a row for each test and for `all`.
    """
    rows = tagger.loc[tagger.test == "all", ["model", "seed", "collapsed"]]
    return pd.concat([training, rows], ignore_index=True)


def summarise(
    tables: Mapping[str, pd.DataFrame],
    known: Mapping[str, Mapping[str, float | None]],
    headline: str,
    headline_model: str,
    confidence: float,
    anomaly_score: str,
) -> pd.DataFrame:
    """Quote the ensemble's headline estimator for each model and test.

    It is believable if nothing speaks against it: its jets and the normal ones are sound, every
    training has learnt something, the checks are passed, and the interval agrees with 0 to 1 and
    with what is known.

    Args:
        tables: of all models: `fractions`, `checks`, `uncertainty_budget`, `purity`, `training`,
            `samples`, as `prepare.samples.check_together` lists them, and, where truth is given,
            `detection`.
        known: by test, `at_least` and `at_most`, each a fraction or None.
        headline: the estimator to quote.
        headline_model: the model whose row is the headline of its test; `auto` for the `narrowest`.
        confidence: of the intervals in `fractions`.
        anomaly_score: of the autoencoders, by its name in `detection`.

    Returns:
        `model, test, fraction, low, high, estimator, believable, false_positive_rate, fpr_upper,
        purity, auc, headline, seed_spread, envelope_low, envelope_high, reasons, warnings`;
        `purity` is the mean over seeds, `auc` empty without truth, `seed_spread` the standard
        deviation over seeds, the envelope the lowest and highest of the estimators of the fraction
        itself.
    """
    fractions, training = tables["fractions"], tables["training"]
    ensemble = fractions[fractions.seed == "ensemble"].set_index(["model", "test", "estimator"])
    if headline_model == "auto":
        every = ensemble.reset_index()
        headline_model = narrowest(every[every.estimator == headline], training)
    stretch = sigmas(SURE) / sigmas(confidence)
    rows = []
    for model, test in fractions[["model", "test"]].drop_duplicates().itertuples(index=False):
        quoted, cut = ensemble.loc[(model, test, headline)], ensemble.loc[(model, test, "cut")]
        low = quoted.fraction - stretch * (quoted.fraction - quoted.low)
        high = quoted.fraction + stretch * (quoted.high - quoted.fraction)
        reasons = [
            *_collapsed(training, model),
            *_unsound(tables["samples"], test),
            *failed_checks(tables["checks"], model, test),
            *_contradictions(low, high, known[test], headline in LOWER_BOUNDS),
        ]
        sources = _of(tables["uncertainty_budget"], model, test).set_index("source")
        evaluated = _evaluated(tables.get("detection"), model, test, anomaly_score)
        rows.append(
            {
                "model": model,
                "test": test,
                "fraction": quoted.fraction,
                "low": quoted.low,
                "high": quoted.high,
                "estimator": headline,
                "believable": str(not reasons).lower(),
                "false_positive_rate": cut.fpr,
                "fpr_upper": cut.fpr_upper,
                "purity": _of(tables["purity"], model, test).purity.mean(),
                "auc": None if evaluated is None else evaluated.auc,
                "headline": str(model == headline_model).lower(),
                "seed_spread": sources.up["seeds"],
                "envelope_low": quoted.fraction - sources.down["estimators"],
                "envelope_high": quoted.fraction + sources.up["estimators"],
                "reasons": "; ".join(reasons),
                "warnings": _inverted(evaluated),
            }
        )
    return pd.DataFrame(rows)


def _of(table: pd.DataFrame, model: str, test: str) -> pd.DataFrame:
    """The rows of a model and a test."""
    return table[(table.model == model) & (table.test == test)]


def _collapsed(training: pd.DataFrame, model: str) -> list[str]:
    """Say which trainings of a model have collapsed."""
    seeds = training[(training.model == model) & training.collapsed].seed
    return [f"the training collapsed for seed {seed}" for seed in seeds]


def _unsound(samples: pd.DataFrame, test: str) -> list[str]:
    """Say what is wrong with the jets of a test or with the normal ones."""
    return samples[samples["sample"].isin(["normal", test])].reasons.dropna().to_list()


def narrowest(quoted: pd.DataFrame, training: pd.DataFrame) -> str:
    """The model with the narrowest intervals, on average over the tests.

    Not one with a collapsed training, as long as there is another.

    Args:
        quoted: `model, low, high` of the headline fractions.
        training: as `training_table` makes it.
    """
    widths = (quoted.high - quoted.low).groupby(quoted.model, sort=False).mean()
    learnt = ~training.collapsed.groupby(training.model, sort=False).any()[widths.index]
    return str(widths[learnt | ~learnt.any()].idxmin())


def failed_checks(checks: pd.DataFrame, model: str, test: str) -> list[str]:
    """Say which checks of a model a test fails."""
    failed = checks[(checks.model == model) & ~checks.passed]
    about = failed[(failed.test == test) | (failed.other == test)]
    return [
        CHECKS[row.check].fails.format(test=row.test, other=row.other) + f" (p = {row.p_value:.1g})"
        for row in about.itertuples()
    ]


def _contradictions(
    low: float, high: float, known: Mapping[str, float | None], is_bound: bool
) -> Iterator[str]:
    """Say what an interval contradicts."""
    at_least, at_most = known["at_least"], known["at_most"]
    if high < 0:
        yield "the whole interval is below zero"
    if low > 1:
        yield "the whole interval is above one"
    if at_most is not None and low > at_most:
        yield f"the fraction is known to be at most {at_most:g}"
    if at_least is not None and high < at_least and not is_bound:
        yield f"the fraction is known to be at least {at_least:g}"


def _evaluated(
    detection: pd.DataFrame | None, model: str, test: str, score: str
) -> pd.Series | None:
    """What truth says of the ensemble of a model, if it is given for the test."""
    if detection is None:
        return None
    here = _of(detection, model, test)
    rows = here[here.score.isin([score, TAGGER_SCORE]) & (here.seed == "ensemble")]
    return rows.iloc[0] if len(rows) else None


def _inverted(evaluated: pd.Series | None) -> str:
    """Say that an AUC is below 0.5, and not by chance."""
    if evaluated is None or not evaluated.auc_p_value < INVERTED:
        return ""
    return (
        f"AUC {evaluated.auc:.3f}, below 0.5: 1 has to mean anomalous in truth (truth.anomalous "
        "names the values), or else anomalous jets are the simpler ones"
    )
