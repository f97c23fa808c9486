"""One row per model and test: the fraction to quote, and whether the checks are passed."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from oddjet.common.intervals import sigmas
from oddjet.common.parts import TAGGER_SCORE
from oddjet.estimate.declared import CHECKS, ESTIMATORS, LOWER_BOUNDS
from oddjet.estimate.trust import CLEAN, SURE, SYSTEMATIC, untold

INVERTED = 1e-3  # p-value of an AUC below 0.5, from which on it is said
APART = 3.0  # standard deviations by which two models contradict each other
OF_FEATURES = [name for name, one in CHECKS.items() if one.of_features]


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
    training has learnt something, the checks are passed, an excess is visible in one of the tests,
    anomalous jets leave the lowest scores, enough jets of the test stay there, no other model
    contradicts it or finds that the background is another one, and the interval agrees with 0 to 1
    and with what is known.

    `low` and `high` hold the statistical uncertainty and, in quadrature, the systematic ones of the
    uncertainty budget. An estimator that leans on an anchor reads low where it fails, so that the
    interval reaches further up than down.

    Args:
        tables: of all models: `fractions`, `checks`, `uncertainty_budget`, `discovery`, `purity`,
            `training`, `samples`, as `prepare.samples.check_together` lists them, and, where truth
            is given, `detection`.
        known: by test, `at_least` and `at_most`, each a fraction or None.
        headline: the estimator to quote.
        headline_model: the model whose row is the headline of its test; `auto` for the `narrowest`.
        confidence: of the intervals in `fractions`.
        anomaly_score: of the autoencoders, by its name in `detection`.

    Returns:
        `model, test, fraction, low, high, low_statistical, high_statistical, estimator, believable,
        p_background, significance, upper_limit_95, expected_3sigma, expected_5sigma,
        false_positive_rate, fpr_upper, purity, auc, headline, seed_spread, envelope_low,
        envelope_high, reasons, warnings`; `upper_limit_95` is one-sided, empty of a
        lower bound; `purity` is the mean over seeds, `auc` empty without truth, `seed_spread` the
        standard deviation over seeds, the envelope the lowest and highest of the estimators of the
        fraction itself.
    """
    fractions, training = tables["fractions"], tables["training"]
    ensemble = fractions[fractions.seed == "ensemble"].set_index(["model", "test", "estimator"])
    reach, is_bound = sigmas(confidence), headline in LOWER_BOUNDS
    stretch = sigmas(SURE) / reach
    rows: list[dict[str, Any]] = []
    reasons: list[list[str]] = []
    unlike: list[list[str]] = []
    for model, test in fractions[["model", "test"]].drop_duplicates().itertuples(index=False):
        quoted, cut = ensemble.loc[(model, test, headline)], ensemble.loc[(model, test, "cut")]
        sources = _of(tables["uncertainty_budget"], model, test).set_index("source")
        down, up = _total(quoted, sources)
        discovery = tables["discovery"][tables["discovery"].model == model].set_index("test")
        found = discovery.significance.max(), discovery.overlap.max(), discovery.anchored[test]
        unseen = None if is_bound else untold(*found)
        # in the anchor of a score that tells there is background: what is wrong with it is wrong
        # for whichever model
        clean = sources.up.get("overlap", np.inf) / reach <= CLEAN * (1 - quoted.fraction)
        of_features = failed_checks(tables["checks"], model, test, OF_FEATURES)
        unlike.append(of_features if clean and not unseen else [])
        reasons.append(
            [
                *_collapsed(training, model),
                *_unsound(tables["samples"], test),
                *failed_checks(tables["checks"], model, test),
                *([unseen] if unseen else []),
                *_contradictions(
                    quoted.fraction - stretch * down,
                    quoted.fraction + stretch * up,
                    known[test],
                    is_bound,
                ),
                *_below_joint(
                    headline,
                    quoted.fraction + stretch * up,
                    ensemble.loc[(model, test, "joint")],
                    stretch,
                ),
            ]
        )
        evaluated = _evaluated(tables.get("detection"), model, test, anomaly_score)
        rows.append(
            {
                "model": model,
                "test": test,
                "fraction": quoted.fraction,
                "low": quoted.fraction - down,
                "high": quoted.fraction + up,
                "low_statistical": quoted.low,
                "high_statistical": quoted.high,
                "estimator": headline,
                "believable": None,
                **discovery.loc[test, ["p_background", "significance"]],
                "upper_limit_95": None if is_bound else quoted.fraction + up * sigmas(0.9) / reach,
                **discovery.loc[test, ["expected_3sigma", "expected_5sigma"]],
                "false_positive_rate": cut.fpr,
                "fpr_upper": cut.fpr_upper,
                "purity": _of(tables["purity"], model, test).purity.mean(),
                "auc": None if evaluated is None else evaluated.auc,
                "headline": None,
                "seed_spread": sources.up["seeds"] / reach,
                "envelope_low": quoted.fraction - sources.down["estimators"],
                "envelope_high": quoted.fraction + sources.up["estimators"],
                "reasons": None,
                "warnings": _inverted(evaluated),
            }
        )
    if not is_bound:
        for row, against in zip(rows, reasons, strict=True):
            against += _of_others(row, rows, unlike)
        elsewhere = [list(_elsewhere(row, rows, reasons, confidence)) for row in rows]
        reasons = [one + other for one, other in zip(reasons, elsewhere, strict=True)]
    if headline_model == "auto":
        believed = [not against for against in reasons]
        headline_model = narrowest(pd.DataFrame(rows).assign(believed=believed), training)
    for row, against in zip(rows, reasons, strict=True):
        row["headline"] = str(row["model"] == headline_model).lower()
        row |= {"believable": str(not against).lower(), "reasons": "; ".join(against)}
    return pd.DataFrame(rows)


def _total(quoted: pd.Series, sources: pd.DataFrame) -> tuple[float, float]:
    """How far the total interval reaches below and above the fraction."""
    systematic = sources[sources.index.isin(SYSTEMATIC)]
    down, up = (np.hypot.reduce([0.0, *systematic[side]]) for side in ("down", "up"))
    return (
        float(np.hypot(quoted.fraction - quoted.low, down)),
        float(np.hypot(quoted.high - quoted.fraction, up)),
    )


def _below_joint(headline: str, highest: float, joint: pd.Series, stretch: float) -> Iterator[str]:
    """Say where a fraction, `highest` at most, lies below what `joint` reads.

    Where `joint` fails it reads low, so that the truth is not lower.
    """
    lowest = joint.fraction - stretch * (joint.fraction - joint.low)
    may_be_lower = ESTIMATORS[headline].is_bound or ESTIMATORS[headline].leans_on_anchor
    if not may_be_lower and highest < lowest:
        yield f"joint, which can only read low, reads {joint.fraction:.3f}"


def _of_others(
    row: Mapping[str, Any], rows: list[dict[str, Any]], unlike: list[list[str]]
) -> Iterator[str]:
    """Say how other models find that the background of the same test is another one."""
    for other, found in zip(rows, unlike, strict=True):
        if other["test"] == row["test"] and other["model"] != row["model"]:
            yield from (f"{other['model']}: {text}" for text in found)


def _elsewhere(
    row: Mapping[str, Any],
    rows: list[dict[str, Any]],
    reasons: list[list[str]],
    confidence: float,
) -> Iterator[str]:
    """Say which other believable model finds clearly more or less in the same test.

    One that overlooks anomalous jets reads low, one that sees a difference of the backgrounds reads
    high, and no label says which of the two it is.
    """
    for other, against in zip(rows, reasons, strict=True):
        if other["test"] != row["test"] or against:
            continue
        lower, higher = sorted((row, other), key=lambda one: one["fraction"])
        spread = np.hypot(lower["high"] - lower["fraction"], higher["fraction"] - higher["low"])
        if higher["fraction"] - lower["fraction"] > APART * spread / sigmas(confidence):
            which = "more" if other is higher else "less"
            yield f"{other['model']} finds {which}: {other['fraction']:.3f}"


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
    """The model with the narrowest total intervals, on average over the tests.

    Of those alone whose fractions are believed of most tests; where none is, not one with a
    collapsed training, as long as there is another.

    Args:
        quoted: `model, low, high` of the headline fractions, and whether they are `believed`.
        training: as `training_table` makes it.
    """
    widths = (quoted.high - quoted.low).groupby(quoted.model, sort=False).mean()
    believed = quoted.groupby("model", sort=False).believed.sum()
    learnt = ~training.collapsed.groupby(training.model, sort=False).any()[widths.index]
    possible = (believed == believed.max()) & (learnt | ~learnt.any())
    return str(widths[possible].idxmin())


def failed_checks(
    checks: pd.DataFrame, model: str, test: str, names: Collection[str] = tuple(CHECKS)
) -> list[str]:
    """Say which checks of a model, of those named, a test fails."""
    failed = checks[(checks.model == model) & ~checks.passed & checks.check.isin(names)]
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
