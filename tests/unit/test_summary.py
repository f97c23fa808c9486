"""The summary: what is quoted of all tables, and when it is not to be believed."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import REPO

from oddjet.common.tables import read
from oddjet.estimate import trust
from oddjet.evaluate import comparison
from oddjet.summarise.summary import summarise, training_table, with_tagger
from oddjet.train.training import Trained

# as in the interface
COLUMNS = [
    *("model", "test", "fraction", "low", "high", "low_statistical", "high_statistical"),
    *("estimator", "believable", "p_background", "significance", "upper_limit_95"),
    *("expected_3sigma", "expected_5sigma", "false_positive_rate", "fpr_upper", "purity", "auc"),
]


def history(*losses: float, blank: float = 2.0, mean: float = 1.5) -> pd.DataFrame:
    epochs = range(1, len(losses) + 1)
    return pd.DataFrame(
        {"epoch": epochs, "val_loss": losses, "blank_loss": blank, "mean_loss": mean}
    )


def tables(
    models: tuple[str, ...] = ("S", "L"), tests: tuple[str, ...] = ("low", "high")
) -> dict[str, pd.DataFrame]:
    """The tables of all models as they are read, with numbers that tell every row from the rest."""
    fractions, purity, detection = [], [], []
    for (m, model), (t, test) in (
        (pair, other) for pair in enumerate(models) for other in enumerate(tests)
    ):
        for s, seed in enumerate(("1", "2", "ensemble")):
            key = {"model": model, "seed": seed, "test": test}
            number = m + t / 10 + s / 100
            for e, estimator in enumerate(("cut", "corrected", "joint", "bbe")):
                value = number + e / 1000
                fractions.append(
                    {**key, "estimator": estimator, "fraction": value}
                    | {"low": value - 1.5, "high": value + 1.5}
                    | {"threshold": value + 1, "fpr": value + 2, "fpr_upper": value + 3}
                )
            if seed != "ensemble":
                purity.append({**key, "purity": number + 4})
            detection.append({**key, "score": "mahalanobis", "auc": 0.1, "auc_p_value": 1.0})
            detection.append({**key, "score": "error", "auc": number + 5, "auc_p_value": 1.0})
    training = training_table({(m, s): history(3, 1, 2) for m in models for s in (1, 2)})
    pairs = [{"model": model, "test": test} for model in models for test in tests]
    checks = ("proportionality", "background_scores", "background_features")
    return {
        "fractions": pd.DataFrame(fractions),
        "checks": pd.DataFrame(
            {**pair, "check": check, "other": None, "p_value": 0.5, "passed": True}
            for pair in pairs
            for check in checks
        ),
        "uncertainty_budget": pd.DataFrame(
            {**pair, "source": source, "down": down, "up": up}
            for pair in pairs
            for source, down, up in (("seeds", 0.0, 0.0), ("estimators", 0.01, 0.02))
        ),
        "discovery": pd.DataFrame(
            {**pair, "p_background": 1e-9, "significance": 5.9, "overlap": 0.0}
            | {"anchored": 500, "expected_3sigma": 0.02, "expected_5sigma": 0.03}
            for pair in pairs
        ),
        "sensitivity": pd.DataFrame({"model": model, "jets": 100} for model in models),
        "excess": pd.DataFrame({**pair, "quantity": "mass", "density": 0.1} for pair in pairs),
        "purity": pd.DataFrame(purity),
        "detection": pd.DataFrame(detection),
        "training": training,
        "samples": pd.DataFrame({"sample": ["normal", *tests], "reasons": None}),
    }


def quote(
    parts: dict[str, pd.DataFrame],
    headline: str = "corrected",
    known: dict | None = None,
    headline_model: str = "auto",
) -> pd.DataFrame:
    """The summary, nothing known of the tests unless told."""
    nothing = {test: {"at_least": None, "at_most": None} for test in parts["fractions"].test}
    return summarise(
        parts,
        known=nothing | (known or {}),
        headline=headline,
        headline_model=headline_model,
        confidence=0.68,
        anomaly_score="error",
    )


# Trainings


def test_a_tagger_that_has_learnt_nothing_is_never_the_headline_and_not_believable() -> None:
    parts = tables(("S", "weak"))
    narrow = (parts["fractions"].model == "weak") & (parts["fractions"].estimator == "corrected")
    parts["fractions"].loc[narrow, "low"] += 1  # the narrowest interval by far
    tagger = pd.DataFrame(
        {"model": "weak", "seed": [1, 2], "test": "all", "collapsed": [False, False]}
    )
    autoencoders = parts["training"][parts["training"].model == "S"]
    for collapsed, headline in ((False, "weak"), (True, "S")):
        tagger.loc[tagger.seed == 2, "collapsed"] = collapsed
        parts["training"] = with_tagger(autoencoders, tagger)
        found = quote(parts).set_index("model")
        assert set(found.index[found.headline == "true"]) == {headline}
        assert (found.believable["weak"] == "false").all() == collapsed
    assert set(found.reasons["weak"]) == {"the training collapsed for seed 2"}


@pytest.mark.parametrize("losses", [(float("nan"),) * 3, (1.9, float("nan"))])
def test_a_training_whose_loss_is_no_number_counts_as_collapsed_when_read_from_its_file(
    losses: tuple, tmp_path: Path
) -> None:
    table = history(*losses).assign(seconds=1.0)
    rows = table.to_dict("records")
    trained = Trained(None, None, rows, {}, (1, 8, 8))  # type: ignore[arg-type]
    trained.save_history(tmp_path / "history.csv")
    found = read(tmp_path / "history.csv")
    pd.testing.assert_frame_equal(found, table)
    (row,) = training_table({("S", 3): found}).to_dict("records")
    assert row["collapsed"]
    detection = pd.DataFrame({"model": ["S"], "seed": [3]})
    (merged,) = comparison.merge(detection, {("S", 3): found}).to_dict("records")
    assert merged["epochs"] == len(losses)


def test_training_table_quotes_the_best_epoch() -> None:
    (row,) = training_table({("S", 3): history(3, 1, 2)}).to_dict("records")
    assert row == {
        "model": "S",
        "seed": 3,
        "epochs": 3,
        "best_epoch": 2,
        "val_loss": 1,
        "blank_loss": 2,
        "mean_loss": 1.5,
        "collapsed": False,
    }


@pytest.mark.parametrize(
    ("losses", "collapsed"),
    [
        ((1.4,), False),
        ((1.5,), True),  # no better than the mean image
        ((1.7,), True),  # better than the blank image alone
        ((2.5,), True),
        ((2.5, 1.0, 2.5), False),
        ((np.nan, 1.0), False),
    ],
)
def test_training_is_collapsed_if_it_does_not_beat_both_trivial_images(
    losses: tuple[float, ...], collapsed: bool
) -> None:
    table = training_table({("S", 1): history(*losses)})
    assert table.collapsed.tolist() == [collapsed]
    swapped = training_table({("S", 1): history(*losses, blank=1.5, mean=2.0)})
    assert swapped.collapsed.tolist() == [collapsed]


# The summary


def test_summary_has_a_row_per_model_and_test_with_the_columns_of_the_interface() -> None:
    table = quote(tables())
    assert list(table.columns)[: len(COLUMNS)] == COLUMNS
    pairs = list(zip(table.model, table.test, strict=True))
    assert pairs == [("S", "low"), ("S", "high"), ("L", "low"), ("L", "high")]


@pytest.mark.parametrize(("headline", "e"), [("cut", 0), ("corrected", 1)])
def test_summary_quotes_the_headline_estimator_of_the_ensemble(headline: str, e: int) -> None:
    table = quote(tables(), headline)
    for m, model in enumerate(("S", "L")):
        for t, test in enumerate(("low", "high")):
            row = table[(table.model == model) & (table.test == test)].squeeze()
            number = m + t / 10 + 2 / 100
            value = number + e / 1000
            assert row.estimator == headline
            # sums of the same decimal numbers in another order
            quoted = [row.fraction, row.low, row.high, row.false_positive_rate, row.fpr_upper]
            # the false positive rate is that of the cut, whatever is quoted
            expected = [value, value - 1.5, value + 1.5, number + 2, number + 3]
            assert quoted == pytest.approx(expected, rel=1e-12)
            # seeds are 0 and 0.01 there: their mean is 0.005
            assert row.purity == pytest.approx(m + t / 10 + 0.005 + 4)
            assert row.auc == pytest.approx(number + 5)


def test_without_truth_auc_is_empty() -> None:
    parts = tables()
    del parts["detection"]
    table = quote(parts)
    assert table.auc.isna().all()
    assert ",auc," in table.to_csv(index=False).splitlines()[0]


def test_auc_is_empty_only_for_the_test_without_truth() -> None:
    parts = tables()
    parts["detection"] = parts["detection"][parts["detection"].test == "high"]
    table = quote(parts).set_index(["model", "test"])
    assert table.auc.isna().to_dict() == {
        ("S", "low"): True,
        ("S", "high"): False,
        ("L", "low"): True,
        ("L", "high"): False,
    }


def test_every_fraction_is_believable_where_every_training_has_learnt() -> None:
    table = quote(tables())
    assert table.believable.tolist() == ["true"] * 4
    assert table.reasons.tolist() == [""] * 4


def test_one_collapsed_training_takes_the_belief_from_its_model_alone_and_says_why() -> None:
    parts = tables()
    histories = {(m, s): history(3, 1, 2) for m in ("S", "L") for s in (1, 2)}
    parts["training"] = training_table(histories | {("L", 2): history(1.5, 1.6)})
    table = quote(parts).set_index("model")
    assert table.believable["S"].tolist() == ["true", "true"]
    assert table.believable["L"].tolist() == ["false", "false"]
    for reasons in table.reasons["L"]:
        assert "collapsed" in reasons
        assert "seed 2" in reasons


def test_a_fraction_below_zero_beyond_its_interval_is_not_believable() -> None:
    parts = tables()
    here = (parts["fractions"].test == "low") & (parts["fractions"].model == "S")
    parts["fractions"].loc[here, ["fraction", "low", "high"]] = [-0.3, -0.4, -0.2]
    table = quote(parts).set_index(["model", "test"])
    assert table.believable.tolist() == ["false", "true", "true", "true"]
    assert table.reasons["S", "low"]


def test_a_fraction_of_zero_is_doubted_once_in_forty_times_and_not_once_in_six() -> None:
    # a 68% interval is below a true zero in 16% of repeats; twice as wide, in 2.5%
    parts = tables(("S",), ("low",))
    for fraction, believable in ((-0.15, "true"), (-0.25, "false")):
        parts["fractions"][["fraction", "low", "high"]] = [fraction, fraction - 0.1, fraction + 0.1]
        assert quote(parts).believable.tolist() == [believable]


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ("proportionality", "different shapes"),
        ("background_scores", "not distributed as those of control"),
        ("background_features", "unlike those of control"),
    ],
)
def test_a_failed_check_takes_the_belief_from_the_tests_and_the_model_it_is_about(
    check: str, words: str
) -> None:
    parts = tables(tests=("low", "high", "third"))
    checked = parts["checks"]
    here = (checked.model == "S") & (checked.test == "low") & (checked.check == check)
    checked.loc[here, ["p_value", "passed"]] = [1e-5, False]
    pair = check == "proportionality"
    checked["other"] = checked["other"].astype(object)
    checked.loc[here, "other"] = "high" if pair else None
    table = quote(parts).set_index(["model", "test"])
    doubted = {("S", "low")} | ({("S", "high")} if pair else set())
    assert set(table.index[table.believable == "false"]) == doubted
    for key in doubted:
        assert words in table.reasons[key]
        assert "p = 1e-05" in table.reasons[key]


@pytest.mark.parametrize(
    ("known", "headline", "believable"),
    [
        ({"at_least": 0.5, "at_most": None}, "joint", False),
        ({"at_least": 0.5, "at_most": None}, "corrected", True),  # a lower bound may be below it
        ({"at_least": None, "at_most": 0.2}, "joint", False),
        ({"at_least": None, "at_most": 0.2}, "corrected", False),
        ({"at_least": 0.35, "at_most": 0.38}, "joint", True),  # within the error
    ],
)
def test_what_is_known_of_a_test_is_checked_and_moves_no_number(
    known: dict, headline: str, believable: bool
) -> None:
    parts = tables(("S",), ("low",))
    parts["fractions"][["fraction", "low", "high"]] = [0.36, 0.33, 0.39]
    (row,) = quote(parts, headline, {"low": known}).to_dict("records")
    assert (row["fraction"], row["low"], row["high"]) == (0.36, 0.33, 0.39)
    assert row["believable"] == str(believable).lower()
    assert bool(row["reasons"]) != believable


def test_headline_model_has_the_narrowest_intervals_unless_it_is_named() -> None:
    parts = tables()
    fractions = parts["fractions"]
    of_l = (fractions.model == "L") & (fractions.estimator == "corrected")
    fractions.loc[of_l & (fractions.seed == "ensemble"), "high"] -= 0.1
    fractions.loc[~of_l & (fractions.seed == "1"), "high"] -= 1  # other rows decide nothing
    fractions.loc[fractions.estimator == "joint", "high"] = fractions.fraction
    assert quote(parts).headline.tolist() == ["false", "false", "true", "true"]
    named = quote(parts, headline_model="S")
    assert named.headline.tolist() == ["true", "true", "false", "false"]


def test_a_model_that_is_not_believed_is_no_headline_beside_one_that_is() -> None:
    parts = tables()
    fractions, checks = parts["fractions"], parts["checks"]
    fractions.loc[fractions.model == "L", "high"] -= 0.1
    assert set(quote(parts).query("headline == 'true'").model) == {"L"}
    checks.loc[
        (checks.model == "L") & (checks.index == checks[checks.model == "L"].index[0]), "passed"
    ] = False
    assert set(quote(parts).query("headline == 'true'").model) == {"S"}
    checks.loc[checks.model == "S", "passed"] = False
    checks.loc[checks.model == "L", "passed"] = False
    assert set(quote(parts).query("headline == 'true'").model) == {"L"}


def test_a_model_that_learnt_nothing_is_the_headline_only_where_none_did() -> None:
    parts = tables()
    fractions = parts["fractions"]
    fractions.loc[fractions.model == "L", "high"] -= 0.1
    for model, expected in (("L", "S"), ("S", "L")):
        histories = {(m, s): history(1.9 if m == model else 1.0) for m in "SL" for s in (1, 2)}
        table = quote(parts | {"training": training_table(histories)})
        assert set(table.model[table.headline == "true"]) == {expected}
    nothing = training_table({(m, s): history(1.9) for m in "SL" for s in (1, 2)})
    table = quote(parts | {"training": nothing})
    assert set(table.model[table.headline == "true"]) == {"L"}


@pytest.mark.parametrize(("headline", "limited"), [("joint", True), ("corrected", False)])
def test_a_lower_bound_has_no_upper_limit(headline: str, limited: bool) -> None:
    assert quote(tables(), headline).upper_limit_95.notna().all() == limited


def test_seed_spread_and_envelope_stand_beside_the_fraction() -> None:
    parts = tables(("S",), ("low",))
    parts["uncertainty_budget"].loc[0, ["down", "up"]] = 0.25  # of seeds
    (row,) = quote(parts, "joint").to_dict("records")
    # of a standard deviation, the budget of the 0.994 of them that 68% are
    assert row["seed_spread"] == pytest.approx(0.25 / 0.99446, rel=1e-4)
    reach = [row["fraction"] - row["envelope_low"], row["envelope_high"] - row["fraction"]]
    assert reach == pytest.approx([0.01, 0.02])


def run_summarise(
    directory: Path, models: tuple[str, ...], tests: tuple[str, ...], collapsed: bool = False
) -> Path:
    """Run the script of the rule as Snakemake would, on tables in files."""
    parts, paths = tables(models, tests), {}
    of_models = (
        "fractions",
        "checks",
        "uncertainty_budget",
        "discovery",
        "sensitivity",
        "excess",
        "purity",
        "detection",
    )
    for name in of_models:
        paths[name] = []
        for model in models:
            path = directory / model / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            parts[name][parts[name].model == model].to_csv(path, index=False)
            paths[name].append(path)
    paths["histories"] = []
    for model in models:
        for seed in (1, 2):
            path = directory / model / f"history{seed}.csv"
            (history(1.9) if collapsed else history(1.0)).to_csv(path, index=False)
            paths["histories"].append(path)
    paths["samples"] = directory / "samples.csv"
    parts["samples"].to_csv(paths["samples"], index=False)
    paths["learnt"] = []
    for seed in (1, 2):
        path = directory / f"learnt{seed}.csv"
        rows = [{"model": "weak", "seed": seed, "test": "all", "collapsed": False}]
        pd.DataFrame(rows).to_csv(path, index=False)
        paths["learnt"].append(path)
    names = (*of_models, "training", "tagger", "summary")
    output = {name: directory / f"{name}.csv" for name in names}
    given = SimpleNamespace(**paths)
    given.get = paths.get
    snakemake = SimpleNamespace(
        input=given,
        output=output,
        log=[directory / "log"],
        params=SimpleNamespace(
            models=models,
            seeds=[1, 2],
            known={test: {"at_least": None, "at_most": None} for test in tests},
            quoting={
                "headline": "corrected",
                "headline_model": "auto",
                "confidence": 0.68,
                "anomaly_score": "error",
            },
        ),
    )
    script = REPO / "workflow" / "scripts" / "summarise.py"
    runpy.run_path(str(script), init_globals={"snakemake": snakemake})
    return output["summary"]


@pytest.fixture
def quiet_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the script from taking over this process's logging and exceptions."""
    monkeypatch.setattr("oddjet.common.script.begin", lambda snakemake: None)


@pytest.mark.usefixtures("quiet_logs")
@pytest.mark.parametrize("name", ["S", "007", "1e5", "NA", "None", "true", 'a & "b", c', "naïve"])
def test_names_of_models_and_tests_come_through_the_tables_unchanged(
    tmp_path: Path, name: str
) -> None:
    file = run_summarise(tmp_path, (name,), (name, "other"))
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert table.model.tolist() == [name, name]
    assert table.test.tolist() == [name, "other"]


@pytest.mark.usefixtures("quiet_logs")
@pytest.mark.parametrize("name", ["S", "7", "007"])
def test_a_collapsed_training_is_reported_whatever_the_name_of_its_model(
    tmp_path: Path, name: str
) -> None:
    file = run_summarise(tmp_path, (name,), ("low",), collapsed=True)
    assert pd.read_csv(file, dtype=str).believable.tolist() == ["false"]


# The total interval, and what else speaks against a fraction


def with_sources(parts: dict[str, pd.DataFrame], **reach: float) -> dict[str, pd.DataFrame]:
    rows = [
        {"model": "S", "test": "low", "source": name, "down": 0.0, "up": up}
        for name, up in reach.items()
    ]
    return parts | {"uncertainty_budget": pd.DataFrame(rows)}


def test_the_total_interval_adds_systematic_uncertainties_in_quadrature_but_no_estimators() -> None:
    parts = with_sources(tables(("S",), ("low",)), seeds=0.8, overlap=0.6, estimators=9.0)
    (row,) = quote(parts, "joint").to_dict("records")
    assert row["low"] == row["low_statistical"] == row["fraction"] - 1.5
    assert row["high_statistical"] == row["fraction"] + 1.5
    assert row["high"] - row["fraction"] == pytest.approx(np.sqrt(1.5**2 + 0.8**2 + 0.6**2))
    # one-sided: 1.645 standard deviations, of which the 68% interval has 0.994
    up = row["upper_limit_95"] - row["fraction"]
    assert up == pytest.approx(1.645 / 0.994 * (row["high"] - row["fraction"]), rel=1e-3)


def test_a_fraction_is_not_believable_where_no_test_has_a_visible_excess() -> None:
    parts = tables(("S",))
    parts["discovery"].loc[parts["discovery"].test == "high", "significance"] = 1.0
    assert set(quote(parts, "joint").believable) == {"true"}  # low shows what they look like
    parts["discovery"]["significance"] = [3.2, 1.0]
    found = quote(parts, "joint")
    assert set(found.believable) == {"false"}
    assert found.reasons.str.contains("no test has a visible excess").all()
    assert set(quote(parts, "corrected").believable) == {"true"}  # a lower bound stays one


def test_a_fraction_is_not_believable_where_anomalous_jets_score_as_low_as_the_anchor() -> None:
    parts = tables(("S",))
    parts["discovery"]["overlap"] = 0.55
    found = quote(parts, "joint")
    assert set(found.believable) == {"false"}
    assert found.reasons.str.contains("reads low by 55% or more").all()


def test_a_fraction_is_not_believable_where_too_few_jets_are_left_to_know_the_background_by() -> (
    None
):
    parts = tables(("S",))
    parts["discovery"].loc[parts["discovery"].test == "high", "anchored"] = 12
    found = quote(parts, "joint").set_index("test")
    assert found.believable.to_dict() == {"low": "true", "high": "false"}
    assert "only 12 jets score low" in found.reasons["high"]


def test_two_models_that_disagree_are_not_believable() -> None:
    parts = tables(("S", "L"), ("low",))
    headline = parts["fractions"].estimator == "joint"
    for model, value in (("S", 0.2), ("L", 0.4)):
        here = headline & (parts["fractions"].model == model)
        parts["fractions"].loc[here, ["fraction", "low", "high"]] = (
            value,
            value - 0.02,
            value + 0.02,
        )
    parts["uncertainty_budget"][["down", "up"]] = 0.0
    found = quote(parts, "joint").set_index("model")
    assert found.believable.to_dict() == {"S": "false", "L": "false"}
    assert found.reasons.to_dict() == {"S": "L finds more: 0.400", "L": "S finds less: 0.200"}
    # what is refused itself says nothing against others
    parts["checks"].loc[parts["checks"].model == "L", ["passed", "p_value"]] = False, 1e-9
    assert quote(parts, "joint").set_index("model").believable["S"] == "true"


@pytest.mark.parametrize(
    ("leak", "excess", "refused"), [(0.1, 5.9, True), (0.2, 5.9, False), (0.1, 3.9, False)]
)
def test_a_background_that_one_model_finds_to_be_another_one_speaks_against_all(
    leak: float, excess: float, refused: bool
) -> None:
    """Unless anomalous jets may be what it sees: 0.2 / (1 - 0.3) is too many in its anchor."""
    parts = tables(("S", "weak"), ("low", "high"))
    parts["fractions"].loc[parts["fractions"].estimator == "joint", "fraction"] = 0.3
    checks, discovery = parts["checks"], parts["discovery"]
    failed = (
        (checks.model == "S") & (checks.test == "low") & (checks.check == "background_features")
    )
    checks.loc[failed, ["passed", "p_value"]] = False, 1e-9
    discovery.loc[discovery.model == "S", "significance"] = excess
    pairs = parts["uncertainty_budget"][["model", "test"]].drop_duplicates()
    overlap = pairs.assign(source="overlap", down=0.0, up=leak)
    parts["uncertainty_budget"] = pd.concat([parts["uncertainty_budget"], overlap])
    found = quote(parts, "joint").set_index(["model", "test"])
    assert found.believable["weak", "high"] == "true"
    text = "S: low-score jets of low are unlike those of control in latents or features (p = 1e-09)"
    assert found.reasons["weak", "low"] == (text if refused else "")


@pytest.mark.parametrize(("highest", "refused"), [(0.2, True), (0.48, False)])
def test_a_headline_below_what_joint_reads_is_not_believable(highest: float, refused: bool) -> None:
    parts = tables(("S",), ("low",))
    fractions = parts["fractions"].set_index("estimator")
    ends = ["fraction", "low", "high"]
    fractions.loc["joint", ends] = 0.5, 0.45, 0.55
    fractions.loc["cut", ends] = 0.1, 0.05, 0.1 + (highest - 0.1) / 1.97  # 95% end there
    parts["fractions"] = fractions.reset_index()
    (row,) = quote(parts, "cut").itertuples()
    assert row.reasons == ("joint, which can only read low, reads 0.500" if refused else "")
    assert quote(parts, "joint").reasons.tolist() == [""]


@pytest.mark.parametrize(("significance", "said"), [(3.97, "3.9 sigma"), (-np.inf, "-inf sigma")])
def test_an_excess_that_is_not_visible_is_never_said_to_have_what_is_needed(
    significance: float, said: str
) -> None:
    assert f"({said} at most, 4 are needed)" in str(trust.untold(significance, 0.0, 1000))
