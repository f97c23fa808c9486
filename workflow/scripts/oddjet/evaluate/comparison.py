"""All configured models beside each other and beside the baselines, on labelled jets."""

from collections.abc import Mapping

import pandas as pd

from oddjet.common.tables import overall

COLUMNS = ("auc", "tpr_at_max_fpr", "rejection_at_30")


def merge(
    detection: pd.DataFrame, histories: Mapping[tuple[str, int], pd.DataFrame]
) -> pd.DataFrame:
    """The detection table with what each training took.

    Args:
        detection: of all models and baselines.
        histories: of trainings, by model and seed.

    Returns:
        `detection` with `epochs`, `seconds` (of training) and `relative_loss`, the best validation
        loss in units of the mean image's, all empty for baselines and ensembles.
    """
    cost = pd.DataFrame(
        {
            "model": model,
            "seed": str(seed),
            "epochs": len(history),
            "seconds": history.seconds.sum(),
            "relative_loss": (history.val_loss / history.mean_loss).min(),
        }
        for (model, seed), history in histories.items()
    )
    detection = detection.assign(seed=detection.seed.astype(str))
    return detection.merge(cost, how="left", on=["model", "seed"])


def condense(table: pd.DataFrame) -> pd.DataFrame:
    """One row per model and score, of all tests together.

    Args:
        table: as `merge` makes it.

    Returns:
        Of each column its mean over seeds; of `COLUMNS` also `NAME_spread`, half the range over
        seeds, and `NAME_ensemble`. What has no seeds has its value for all of them.
    """
    rows = []
    for (model, score), here in overall(table).groupby(["model", "score"], sort=False):
        together, seeds = here[here.seed == "ensemble"], here[here.seed != "ensemble"]
        seeds = together if seeds.empty else seeds
        row = {"model": model, "score": score}
        for name in COLUMNS:
            row[name] = seeds[name].mean()
            row[f"{name}_spread"] = (seeds[name].max() - seeds[name].min()) / 2
            row[f"{name}_ensemble"] = together[name].squeeze()
        others = [n for n in seeds.columns if n.endswith(("_correlation", "_sculpting"))]
        rows.append(row | seeds[[*others, "epochs", "seconds", "relative_loss"]].mean().to_dict())
    return pd.DataFrame(rows)


def readable(condensed: pd.DataFrame) -> pd.DataFrame:
    """What `condense` gives, as text for people: the mean, its spread over seeds, the ensemble."""
    table = condensed[["model", "score"]].copy()
    for name, (title, form) in {
        "auc": ("AUC", "{:.4f}"),
        "tpr_at_max_fpr": ("TPR at the cut", "{:.3f}"),
        "rejection_at_30": ("1/FPR at 30%", "{:.0f}"),
    }.items():
        spreads = condensed[f"{name}_spread"]
        table[title] = [
            form.format(mean) + (f" ± {form.format(spread)}" if spread > 0 else "")
            for mean, spread in zip(condensed[name], spreads, strict=True)
        ]
        if name == "auc":
            table["ensemble"] = condensed[f"{name}_ensemble"].map(form.format)
    followed = condensed.columns[condensed.columns.str.endswith("_correlation")]
    title = "follows " + ", ".join(name.removesuffix("_correlation") for name in followed)
    table[title] = [
        ", ".join(f"{value:+.2f}" for value in row) for row in condensed[followed].to_numpy()
    ]
    table["sculpting"] = condensed.mass_sculpting.map("{:.3f}".format)
    table["training"] = condensed.seconds.map("{:.0f} s".format).replace("nan s", "")
    return table
