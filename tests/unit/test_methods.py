"""The methods in words: every sentence is true of the run, and what was not done has none."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import IMAGES, REPO, architecture, jets

from oddjet.common.parts import OVERDISPERSION, WEAK
from oddjet.estimate import discovery, tagger, trust
from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.prepare import samples
from oddjet.publish import methods
from oddjet.publish.methods import Bibliography

CONFIG = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))


def quoted(model: str, **given: Any) -> dict[str, Any]:
    """A row of the summary that is believable, but for what is given."""
    numbers = dict.fromkeys(("false_positive_rate", "fpr_upper", "p_background"), 0.09)
    numbers |= {"fraction": 0.25, "low": 0.2, "high": 0.35, "upper_limit_95": 0.4}
    numbers |= {"low_statistical": 0.22, "high_statistical": 0.28, "significance": 12.0}
    numbers |= {"expected_3sigma": 0.05, "expected_5sigma": np.inf, "auc": np.nan}
    row = {"model": model, "test": "low", "believable": True, "headline": model == WEAK}
    return row | numbers | {"reasons": np.nan, "estimator": "joint"} | given


def content(**given: Any) -> dict[str, Any]:
    """What a run on one test without truth leaves, but for what is given."""
    setting = {"architecture": architecture("dense", latent=3), "loss": "mse", "error": "mse"}
    setting |= {"preprocessing": CONFIG["preprocessing"], "training": CONFIG["training"]}
    measured = {"S": {"shape": [1, 8, 8], "crop": 16, "raw_side": 20}}
    summary = pd.DataFrame([quoted("S"), quoted(WEAK)])
    fractions = pd.DataFrame(
        {"model": model, "seed": "ensemble", "test": "low", "estimator": estimator}
        | {"fraction": 0.2, "low": 0.1, "high": 0.3, "threshold": 0.91}
        for model in ("S", WEAK)
        for estimator in ("joint", "cut", "lower_bound")
    )
    sample = {"events": 100, "channels": 1, "height": 20, "width": 20, "blank": 0, "emptied": 0}
    sample |= {
        "repeated": 0,
        "shared": 0,
        "chosen": 200,
        "effective": 150.0,
        "statistics_lost": 0.25,
    }
    trained = {"epochs": 5, "best_epoch": 4, "val_loss": 1, "mean_loss": 2, "collapsed": False}
    made = {
        **{"title": "A title", "authors": [], "licence": "CC0-1.0", "version": "1", "commit": "c"},
        **{"python": "3", "packages": {"numpy": "2"}, "snakemake_version": "9"},
        "software": {"numpy": "Harris:2020"},
        "config": CONFIG | {"seeds": [1]},
        "summary": summary,
        "fractions": fractions,
        "samples": pd.DataFrame(
            sample | {"sample": name, "warnings": np.nan} for name in ("normal", "low")
        ),
        "checks": pd.DataFrame(
            {"model": model, "check": "anchor", "test": "low", "other": np.nan}
            | {"p_value": 0.5, "passed": True, "ratio": np.nan}
            for model in ("S", WEAK)
        ),
        "training": pd.DataFrame([{"model": "S", "seed": "1"} | trained]),
        "budget": pd.DataFrame(
            {"model": WEAK, "test": "low", "source": source, "down": 0.01, "up": 0.02}
            for source in ("test jets", "overlap", "seeds")
        ),
        "verdicts": methods.verdicts(summary, fractions),
        **{"files": [], "chosen": {}, "known": {}, "truths": []},
        **{"weighted": [], "clustered": {}},
        "counts": {"control": 50, "validation": 10, "training": 40},
        "groups": methods.same_preprocessing({"S": setting}, measured),
        "shapes": {"S": [1, 8, 8]},
        "settings": {"S": setting},
        **{"errors_used": {"mse"}, "weak": WEAK, "tagger": tagger, "trust": trust},
        "tagged": pd.DataFrame(
            [{"seed": "1", "auc": 0.7, "significance": 5.0, "collapsed": False}]
        ),
        "features": {"used": ["tau21_1", "mass"]},
        "overdispersion": OVERDISPERSION,
        **{"estimators": ESTIMATORS, "checks_declared": CHECKS},
        **{"detection": None, "true_fractions": {}, "evaluated_test": "", "labelled": 0},
        "labelled_background": 0,
        "excess_peaks": pd.DataFrame(
            {"model": WEAK, "test": "low", "quantity": "mass", "peak": peak}
            | {"uncertainty": 1.5, "width": 8.0, "share": 0.9}
            for peak in (172.0, np.nan)
        ),
        "excess_agreement": pd.DataFrame(
            {"model": WEAK, "test": "low", "other": "high", "quantity": "mass", "p_value": p}
            for p in (0.3, 0.02, np.nan)
        ),
        "mass_unit": "GeV",
        **{"quoted_scores": ("error", "score"), "believable_throughout": True, "figures": []},
    }
    return made | given


def written(**given: Any) -> str:
    return methods.render(Bibliography.read(), **content(**given))


def with_steps(**steps: Any) -> dict[str, Any]:
    """Content with other steps of the preprocessing."""
    made = content()
    setting = made["settings"]["S"]
    setting = setting | {"preprocessing": setting["preprocessing"] | steps}
    measured = {"S": {"shape": [1, 8, 8], "crop": 16, "raw_side": 20}}
    return {
        "settings": {"S": setting},
        "groups": methods.same_preprocessing({"S": setting}, measured),
    }


# Sentences


@pytest.mark.parametrize(
    ("step", "off", "sentence"),
    [
        ("centre", False, "pT centroid"),
        ("rotate", False, "upright"),
        ("flip", False, "third moments"),
        ("unit_sum", False, "divided by its sum"),
        ("smoothing", 0, "smoothed by a Gaussian"),
    ],
)
def test_a_step_that_is_switched_off_has_no_sentence(step: str, off: Any, sentence: str) -> None:
    assert sentence in written()
    assert sentence not in written(**with_steps(**{step: off}))


@pytest.mark.parametrize(("crop", "kept"), [(None, 16), (12, 12), (20, 20)])
def test_a_crop_has_a_sentence_where_it_cuts_a_raw_image(
    tmp_path: Path, crop: int | None, kept: int
) -> None:
    np.savez(tmp_path / "normal.npz", jets(20))
    steps = CONFIG["preprocessing"] | {"crop": crop}
    sample, split = {"file": [str(tmp_path / "normal.npz")]}, {"control": 0.5, "seed": 0}
    samples.prepare_normal(sample, IMAGES, tmp_path / "normal.h5", steps, split)
    found = methods.prepared(tmp_path / "normal.h5")
    assert (found["crop"], found["raw_side"]) == (kept, 16)
    setting = content()["settings"]["S"] | {"preprocessing": steps}
    text = written(groups=methods.same_preprocessing({"S": setting}, {"S": found}))
    assert ("A centred square of" in text) == (kept < 16)


def test_steps_that_are_off_by_default_have_a_sentence_where_they_are_on() -> None:
    assert "raised to" not in written()
    text = written(**with_steps(power=0.5, log=100))
    assert "raised to the power 0.5" in text
    assert "ln(1 + 100 x)" in text


def test_a_believable_fraction_is_quoted_with_both_intervals() -> None:
    text = written()
    assert "a fraction of **0.250** of the jets is anomalous" in text
    assert "total interval of 0.200 to 0.350 and a statistical one of 0.220 to 0.280" in text
    assert "refused**" not in text


def refused() -> dict[str, Any]:
    why = {"believable": False, "reasons": "the anchor | leaks"}
    summary = pd.DataFrame([quoted("S"), quoted(WEAK, **why)])
    fractions = content()["fractions"]
    return {
        "summary": summary,
        "verdicts": methods.verdicts(summary, fractions),
        "believable_throughout": False,
    }


def test_a_refused_fraction_is_said_to_be_refused_with_the_reason_and_has_no_limit() -> None:
    text = written(**refused())
    assert "`low` is **refused**" in text
    assert "must not be quoted: the anchor | leaks" in text
    assert "at least 0.200 of the jets are anomalous, whatever they are" in text
    assert "Every training has learnt something" not in text
    limits = re.search(r"\| `low` \| 0\.09 .*", text)[0]
    assert limits.endswith("| refused |")
    # in a table a bar would begin another cell
    assert r"no: the anchor \| leaks |" in text


def test_without_an_excess_no_anomalous_jets_are_established() -> None:
    summary = pd.DataFrame([quoted(WEAK, low=-0.01)])
    verdicts = methods.verdicts(summary, content()["fractions"])
    text = written(summary=summary, verdicts=verdicts)
    assert "**no anomalous jets are established**" in text
    assert "below 0.400 at 95% confidence" in text


def test_the_excess_is_described_by_its_peak_and_by_how_alike_those_of_two_tests_are() -> None:
    text = written()
    assert text.count("peaks in the mass at") == 1
    assert "at 172.0 ± 1.5 GeV, with a width of 8.0" in text
    assert "compared in 2 features, which are not independent" in text
    assert "their being alike is 0.02 (at most 0.04 for" in text


def test_a_training_that_was_still_falling_when_it_ended_is_said_to() -> None:
    assert "still falling" not in written()
    training = content()["training"].assign(best_epoch=CONFIG["training"]["epochs"])
    assert "In 1 of 1 trainings the last epoch was the best" in written(training=training)


def test_a_significance_beyond_all_numbers_is_said_to_be_more() -> None:
    assert "has more than" not in written()
    row = quoted(WEAK, p_background=np.exp(np.log(trust.LEAST_P)), significance=37.0)
    summary = pd.DataFrame([row])
    text = written(summary=summary, verdicts=methods.verdicts(summary, content()["fractions"]))
    assert "The excess over background has more than 37.0 standard deviations" in text
    assert "| < 1e-300 | more than 37.0 |" in text


def test_the_search_for_a_significance_is_the_one_that_is_described() -> None:
    assert "above six cuts" in written()
    assert f"by {discovery.DRAWS:,} permutations" in written()
    assert len(discovery.CUTS) == 6


def test_jets_that_occur_twice_are_not_said_to_be_single() -> None:
    assert "No jet occurs twice" in written()
    samples = content()["samples"].assign(shared=[0, 1])
    assert "No jet occurs twice" not in written(samples=samples)


def test_weights_and_clustering_have_sentences_where_they_are() -> None:
    assert "have weights" not in written()
    assert "FastJet" not in written()
    cluster = {"algorithm": "anti-kt", "radius": 1.0, "jets": [1, 2], "min_pt": 0}
    text = written(weighted=["normal"], clustered={"low": cluster})
    assert "The 200 rows of `normal` have weights, and are worth 150 without." in text
    assert "which costs 25% of that" in text
    assert "(anti-kt, R = 1.0); used are those numbered 1 and 2 by their pT" in text


def test_truth_is_nowhere_unless_it_was_given() -> None:
    text = written()
    assert "No labels of single jets were given" in text
    assert "truth" not in text.lower()
    assert "ROC curve of 0.9" not in text


def test_of_one_seed_nothing_is_said_of_several() -> None:
    assert "all seeds together" not in written()
    assert "`seeds`" not in written()
    several = written(config=CONFIG | {"seeds": [1, 2]})
    assert "The 2 seeds of a model are one score" in several


def test_a_tilt_of_the_background_is_said_where_it_is_part_of_the_intervals() -> None:
    assert "tilt" not in written()
    fraction = CONFIG["fraction"] | {"background_tilt": 0.1}
    source = {"model": WEAK, "test": "low", "source": "background", "down": 0.02, "up": 0.02}
    budget = pd.concat([content()["budget"], pd.DataFrame([source])])
    text = written(config=CONFIG | {"seeds": [1], "fraction": fraction}, budget=budget)
    assert "up to a tilt of standard deviation 0.1" in text
    assert "the tilt of the tests' background that the normal sample leaves open" in text


def test_what_went_wrong_is_in_the_model_card() -> None:
    made = content()
    training = made["training"].assign(collapsed=True)
    checks = made["checks"].assign(passed=False, p_value=1e-5)
    card = written(training=training, checks=checks, believable_throughout=False)
    card = card.split("## Model card")[1]
    assert "- `S`, seed 1, has learnt nothing." in card
    assert "- `S`: the fraction of `low` falls as the anchor grows" in card


@pytest.mark.parametrize("kind", ["dense", "convolutional", "variational", "adversarial", "gan"])
def test_every_kind_of_model_has_its_words(kind: str) -> None:
    made = content()
    setting = made["settings"]["S"] | {"architecture": architecture(kind, latent=7)}
    text = written(settings={"S": setting})
    assert "bottleneck of 7 units" in text
    assert ("a discriminator" in text) == (kind in ("adversarial", "gan"))


def test_every_loss_has_its_words() -> None:
    losses = yaml.safe_load((REPO / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    for loss in losses["$defs"]["error_name"]["enum"]:
        setting = content()["settings"]["S"] | {"loss": {loss: 0.5, "mse": 0.5}}
        text = written(settings={"S": setting}, errors_used={loss, "mse"})
        minimised = re.search(r"It minimises (.*)\.\n", text)[1]
        assert minimised.count("0.5 times") == (1 if loss == "mse" else 2)
        assert "times ," not in minimised


# The bibliography


def test_every_entry_has_what_a_reference_needs_and_its_key_once() -> None:
    text = (methods.TEMPLATES / "references.bib").read_text("utf-8")
    entries = Bibliography.read().entries
    assert text.count("@") == len(entries) > 30
    for key, entry in entries.items():
        fields = dict(methods.FIELD.findall(entry))
        assert {"author", "title", "year"} <= set(fields), key
        assert {"journal", "booktitle", "eprint"} & set(fields), key


def test_what_is_cited_is_listed_and_nothing_else() -> None:
    bibliography = Bibliography.read()
    text = methods.render(bibliography, **content())
    body, references = text.split("## References")
    cited = set(re.findall(r"@(\w+:\d+)", body))
    assert cited == set(re.findall(r"@(\w+:\d+)", references)) == set(bibliography.cited)
    assert set(re.findall(r"@\w+\{([^,]+),", bibliography.bibtex())) == cited
    assert "Kingma:2013" not in cited  # no model is variational


def test_every_entry_is_cited_somewhere() -> None:
    template = (methods.TEMPLATES / "methods.md.j2").read_text("utf-8")
    script = (REPO / "workflow/scripts/write_methods.py").read_text("utf-8")
    for key in Bibliography.read().entries:
        assert f'"{key}"' in template + script


def test_an_unknown_entry_cannot_be_cited() -> None:
    with pytest.raises(KeyError, match="Nobody"):
        Bibliography.read().cite("Nobody:1900")


def test_a_reference_in_words_has_no_tex_in_it() -> None:
    bibliography = Bibliography.read()
    bibliography.cite(*bibliography.entries)
    for line in bibliography.listed():
        assert not set(line) & set("{}\\"), line


# Words and numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.250"),
        (137.04, "137.0"),
        (2e-5, "2.0e-05"),
        (0, "0.000"),
        (np.nan, "-"),
        (None, "-"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert methods.number(value) == text


@pytest.mark.parametrize(
    ("uncertainty", "text"),
    [(0.458, "173.71 ± 0.46"), (1.5, "173.7 ± 1.5"), (23, "174 ± 23"), (np.nan, "173.7")],
)
def test_an_uncertainty_has_two_digits_and_its_value_no_more(uncertainty: float, text: str) -> None:
    assert methods.measured(173.712, uncertainty) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.68, "68%"), (0.005, "0.5%"), (0.0897, "9.0%"), (1, "100%")]
)
def test_shares(share: float, text: str) -> None:
    assert methods.percent(share) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("low", "`low`"), ("a|b", r"`a\|b`"), ("a`b", "`` a`b ``")]
)
def test_names_are_shown_as_they_are_in_tables_too(text: str, shown: str) -> None:
    assert methods.name(text) == shown


def test_raw_files_are_named_without_where_they_lie() -> None:
    checksums: Mapping[str, str] = {"/data/mine/a.npz": "1", "b.npz": "2"}
    found = methods.files_of({"normal": ["/data/mine/a.npz"], "low": ["b.npz"]}, checksums)
    assert [row["file"] for row in found] == ["a.npz", "b.npz"]
    assert methods.files_of({"low": ["b.npz"] * 21}, checksums) == []
