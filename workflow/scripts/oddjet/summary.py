"""One row per model and test: the fraction to quote, and whether it can be believed."""

from collections.abc import Mapping

import pandas as pd


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
        best = history.loc[history.val_loss.idxmin()]
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


def summarise(
    fractions: pd.DataFrame,
    purity: pd.DataFrame,
    training: pd.DataFrame,
    headline: str,
    detection: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Quote the ensemble's headline fraction for each model and test.

    It is believable if every training has learnt something and its interval reaches zero or more;
    `reasons` says what speaks against it.

    Args:
        fractions, purity, training, detection: the tables of all models.
        headline: the estimator to quote.

    Returns:
        `model, test, fraction, low, high, estimator, believable, false_positive_rate, fpr_upper,
        purity, auc, reasons`; `purity` is the mean over seeds, `auc` empty without truth.
    """
    ensemble = fractions[fractions.seed == "ensemble"]
    quoted = ensemble[ensemble.estimator == headline]
    cuts = ensemble[ensemble.estimator == "cut"].set_index(["model", "test"])
    rows = []
    for row in quoted.itertuples():
        lost = training[(training.model == row.model) & training.collapsed].seed
        reasons = [f"the training collapsed for seed {seed}" for seed in lost]
        if row.high < 0:
            reasons.append("the whole interval is below zero")
        here = purity[(purity.model == row.model) & (purity.test == row.test)]
        auc = None
        if detection is not None:
            auc = detection[
                (detection.model == row.model)
                & (detection.test == row.test)
                & (detection.seed == "ensemble")
            ].auc.squeeze()
        rows.append(
            {
                "model": row.model,
                "test": row.test,
                "fraction": row.fraction,
                "low": row.low,
                "high": row.high,
                "estimator": row.estimator,
                "believable": str(not reasons).lower(),
                "false_positive_rate": cuts.fpr[row.model, row.test],
                "fpr_upper": cuts.fpr_upper[row.model, row.test],
                "purity": here.purity.mean(),
                "auc": auc if pd.api.types.is_number(auc) else None,
                "reasons": "; ".join(reasons),
            }
        )
    return pd.DataFrame(rows)
