"""The whole workflow on tiny samples: what it leaves is what the interface promises."""

import json
import re
import shutil
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from conftest import AWKWARD, EACH_TEST, NORMAL, WHOLE, WholeRun, run_workflow
from scipy.ndimage import gaussian_filter

from oddjet.common.files import sha256
from oddjet.common.parts import WEAK
from oddjet.common.scorefiles import LEARNT, QUANTITIES
from oddjet.estimate.declared import CHECKS, ESTIMATORS
from oddjet.evaluate import supervised
from oddjet.prepare.sparse import SparseFile
from oddjet.train import training

SEEDS = WHOLE["seeds"]
TESTS = [AWKWARD, "high"]
QUOTED = ["S", "weak"]  # the models, and the weak tagger as one
PARTS = ["normal_train", "normal_validation", "normal_control", *TESTS, "signal"]
CONTROL = round(0.3 * NORMAL)
HELD = round(0.2 * (NORMAL - CONTROL))
EVENTS = dict(zip(PARTS, (NORMAL - CONTROL - HELD, HELD, CONTROL, 40, 40, 40), strict=True))

# as in the interface
COLUMNS = {
    "S/seed1/history.csv": ["epoch", "train_loss", "val_loss", "learning_rate", "seconds"],
    "baselines/seed1/supervised_history.csv": [
        *("network", "half", "epoch", "train_loss", "train_accuracy"),
        *("held_loss", "held_accuracy"),
    ],
    "tables/fractions.csv": [
        *("model", "seed", "test", "estimator", "fraction", "low", "high"),
        *("threshold", "fpr", "fpr_upper"),
    ],
    "tables/checks.csv": [
        *("model", "check", "test", "other", "statistic", "dof", "p_value"),
        *("ratio", "ratio_low", "ratio_high", "passed"),
    ],
    "tables/uncertainty_budget.csv": ["model", "test", "source", "down", "up"],
    "tables/discovery.csv": [
        *("model", "test", "p_background", "significance", "expected_3sigma", "expected_5sigma"),
        "overlap",
    ],
    "tables/sensitivity.csv": ["model", "jets", "expected_3sigma", "expected_5sigma"],
    "tables/excess.csv": [
        *("model", "test", "quantity", "low_edge", "high_edge", "density", "uncertainty"),
    ],
    "tables/excess_peaks.csv": [
        "model",
        "test",
        "quantity",
        "peak",
        "uncertainty",
        "width",
        "share",
    ],
    "tables/excess_agreement.csv": [
        *("model", "test", "other", "quantity", "chi2", "dof", "p_value"),
    ],
    "tables/purity.csv": [
        *("model", "seed", "test", "components", "purity", "majority_baseline"),
        *("ari", "ami", "purity_truth"),
    ],
    "tables/detection.csv": [
        *("model", "seed", "test", "score", "auc", "tpr_at_max_fpr", "rejection_at_30"),
    ],
    "tables/tagger.csv": ["model", "seed", "test", "jets", "auc", "significance", "collapsed"],
    "tables/features.csv": ["test", "feature", "auc", "auc_low", "used"],
    "summary.csv": [
        *("model", "test", "fraction", "low", "high", "low_statistical", "high_statistical"),
        *("estimator", "believable", "p_background", "significance", "upper_limit_95"),
        *("expected_3sigma", "expected_5sigma"),
        *("false_positive_rate", "fpr_upper", "purity", "auc"),
        *("headline", "seed_spread", "envelope_low", "envelope_high", "reasons"),
    ],
}
FIGURES = [
    *("examples", "means", "crop", "fractions", "uncertainty_budget", "sensitivity", "excess"),
    *("excess_images", "quantities", "pca_plane"),
    *("S/learning_curves", "S/roc", "S/latent_classes"),
    *("weak/scores", "weak/features", "weak/roc"),
    *(f"supervised/cnn/{name}" for name in ("learning_curves", "output", "roc")),
    *(
        f"S/seed{seed}/{name}"
        for seed in SEEDS
        for name in ("reconstructions", "scores", "latent", "clusters", "cluster_scores")
    ),
]


@pytest.fixture(scope="module")
def tables(whole_run: WholeRun) -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(whole_run.results / name) for name in COLUMNS}


@pytest.fixture(scope="module", params=SEEDS)
def scores(whole_run: WholeRun, request: pytest.FixtureRequest):
    with h5py.File(whole_run.results / "S" / f"seed{request.param}" / "scores.h5") as file:
        yield file


# Files


def test_files_are_those_of_the_interface(whole_run: WholeRun) -> None:
    expected = {"summary.csv", "summary.html", "tables/samples.csv", "tables/training.csv"}
    expected |= {name for name in COLUMNS if name.startswith("tables/")}
    for seed in SEEDS:
        expected |= {f"S/seed{seed}/{name}" for name in ("model.pt", "history.csv", "scores.h5")}
    for name in expected:
        assert (whole_run.results / name).stat().st_size > 0


def test_nothing_is_written_outside_the_results_and_snakemakes_folder(whole_run: WholeRun) -> None:
    found = {path.name for path in whole_run.directory.iterdir()}
    assert found == {"raw", "config.yaml", "results", ".snakemake"}


def test_no_temporary_file_is_left(whole_run: WholeRun) -> None:
    assert [path for path in whole_run.results.rglob(".*") if path.is_file()] == []


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_there_as_png_and_pdf(whole_run: WholeRun, name: str) -> None:
    for suffix, signature in ((".png", b"\x89PNG\r\n"), (".pdf", b"%PDF-")):
        file = whole_run.results / "figures" / f"{name}{suffix}"
        assert file.read_bytes().startswith(signature)


def test_there_is_no_other_figure(whole_run: WholeRun) -> None:
    folder = whole_run.results / "figures"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {f"{name}.{suffix}" for name in FIGURES for suffix in ("png", "pdf")}


# Tables


@pytest.mark.parametrize("name", COLUMNS)
def test_table_has_the_columns_of_the_interface(tables: dict[str, pd.DataFrame], name: str) -> None:
    assert set(COLUMNS[name]) <= set(tables[name].columns)


def test_history_has_a_row_per_epoch(tables: dict[str, pd.DataFrame]) -> None:
    assert tables["S/seed1/history.csv"].epoch.tolist() == [1, 2]


def test_fractions_have_a_row_per_seed_test_and_estimator(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["tables/fractions.csv"]
    keys = list(table[["model", "seed", "test", "estimator"]].itertuples(index=False, name=None))
    assert len(keys) == len(set(keys))
    assert set(keys) == {
        (model, seed, test, estimator)
        for model in QUOTED
        for seed in ("1", "2", "ensemble")
        for test in TESTS
        for estimator in ESTIMATORS
    }
    assert (table.low <= table.fraction).all()
    assert (table.fraction <= table.high).all()
    cuts = table[table.estimator.isin(["cut", "corrected"])]
    assert (cuts.fpr <= cuts.fpr_upper).all()
    assert (cuts.fpr_upper <= 0.10).all()
    assert table[~table.estimator.isin(["cut", "corrected"])].threshold.isna().all()


def test_every_check_is_made_of_every_test_and_pair(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["tables/checks.csv"]
    assert set(table.check) == set(CHECKS)
    assert table.model.unique().tolist() == QUOTED
    for model, made in table.groupby("model"):
        (pair,) = made[made.check == "proportionality"].itertuples()
        assert {pair.test, pair.other} == set(TESTS)
        for name, check in list(CHECKS.items())[1:]:
            tests = TESTS if model == WEAK or not check.of_tagger else []
            assert made[made.check == name].test.tolist() == tests


def test_uncertainty_budget_of_the_headline_has_every_source_for_every_test(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["tables/uncertainty_budget.csv"]
    systematic = ["overlap", "contamination", "seeds"]
    sources = ["test jets", "control jets", *systematic, "estimators"]
    table = table.set_index(["model", "test"])
    assert set(table.index) == {(model, test) for model in QUOTED for test in TESTS}
    for key in table.index:
        assert table.loc[key].source.tolist() == sources
    assert (table[["down", "up"]] >= 0).all().all()
    # what is quoted is test and control jets in quadrature, and with the rest of it
    for row in tables["summary.csv"].itertuples():
        here = table.loc[(row.model, row.test)].set_index("source")
        half = (row.high_statistical - row.low_statistical) / 2
        assert half == pytest.approx(np.hypot(*here.up[["test jets", "control jets"]]))
        for side, reach in (("down", row.fraction - row.low), ("up", row.high - row.fraction)):
            assert reach == pytest.approx(np.hypot.reduce([half, *here[side][systematic]]))


def test_purity_has_a_row_per_seed_and_test_and_one_for_all_tests(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["tables/purity.csv"]
    keys = list(table[["model", "seed", "test"]].itertuples(index=False, name=None))
    assert sorted(keys) == sorted(("S", seed, test) for seed in SEEDS for test in (*TESTS, "all"))
    assert (table.purity >= table.majority_baseline).all()
    assert (table.components == 2).all()
    # only one test has truth
    assert table.purity_truth.notna().tolist() == (table.test == "high").tolist()


def test_detection_is_measured_for_the_test_with_truth_alone(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["tables/detection.csv"]
    assert (table.test == "high").all()
    for model, score in (("S", "error"), ("S", "mahalanobis"), ("weak", "score")):
        rows = table[(table.model == model) & (table.score == score)]
        assert rows.seed.tolist() == ["1", "2", "ensemble"]


def test_every_baseline_stands_beside_the_models(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["tables/detection.csv"]
    table = table[table.model == "baseline"]
    assert set(table.score) == {*QUANTITIES, *LEARNT, "supervised_cnn", "supervised_trees"}
    for score, rows in table.groupby("score"):
        seeds = ["ensemble"] if score in QUANTITIES else ["1", "2", "ensemble"]
        assert rows.seed.tolist() == seeds
    assert table.auc.between(0, 1).all()


def test_what_the_weak_tagger_learnt_is_said_of_every_seed_and_test(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["tables/tagger.csv"]
    assert (table.model == "weak").all()
    rows = list(zip(table.seed, table.test, strict=True))
    assert rows == [(seed, test) for seed in SEEDS for test in (*TESTS, "all")]
    assert table.jets.tolist() == [EACH_TEST, EACH_TEST, 2 * EACH_TEST] * len(SEEDS)
    assert table.auc.between(0, 1).all()


def test_every_feature_is_compared_in_every_test(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["tables/features.csv"]
    features = {test: set(rows.feature) for test, rows in table.groupby("test")}
    assert set(features) == set(TESTS)
    assert features[TESTS[0]] == features[TESTS[1]]
    assert len(table) == len(TESTS) * len(features["high"]) > 100
    assert (table.auc.between(0, 1) & table.auc_low.between(0, 1)).all()


def test_summary_has_a_row_per_model_and_test(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["summary.csv"]
    assert list(zip(table.model, table.test, strict=True)) == [
        (model, test) for model in QUOTED for test in TESTS
    ]
    assert (table.estimator == "joint").all()
    assert table.auc.notna().tolist() == [False, True] * 2
    assert table.purity.notna().tolist() == [True, True, False, False]  # the tagger has no latents


def test_summary_repeats_the_ensembles_headline_row(
    tables: dict[str, pd.DataFrame],
) -> None:
    every = tables["tables/fractions.csv"]
    ensemble = every[every.seed == "ensemble"]
    quoted = ensemble[ensemble.estimator == "joint"]
    table = tables["summary.csv"]
    for name in ("test", "fraction"):
        assert table[name].tolist() == quoted[name].tolist()
    for name in ("low", "high"):
        assert table[f"{name}_statistical"].tolist() == quoted[name].tolist()
    # the false positive rate is that of the cut, whatever is quoted
    cut = ensemble[ensemble.estimator == "cut"]
    assert table.false_positive_rate.tolist() == cut.fpr.tolist()
    assert table.fpr_upper.tolist() == cut.fpr_upper.tolist()


def test_believable_is_true_or_false_as_text(whole_run: WholeRun) -> None:
    table = pd.read_csv(whole_run.results / "summary.csv", dtype=str)
    assert set(table.believable) <= {"true", "false"}


# Scores


def test_scores_have_a_group_per_part_with_aligned_datasets(scores: h5py.File) -> None:
    assert list(scores) == PARTS
    for part, group in scores.items():
        assert {name: data.dtype.name for name, data in group.items()} == {
            "event": "int64",
            "source": "int32",
            "error": "float32",
            "mahalanobis": "float32",
            "latent": "float32",
        }
        assert group["event"].shape == group["error"].shape == (EVENTS[part],)
        assert not group["source"][:].any()  # one file each
        assert group["latent"].shape == (EVENTS[part], 2)
        assert np.isfinite(group["error"]).all()
        assert np.isfinite(group["mahalanobis"]).all()
        assert np.isfinite(group["latent"]).all()


def test_normal_parts_hold_every_row_exactly_once(scores: h5py.File) -> None:
    rows = np.concatenate([scores[part]["event"][:] for part in PARTS if "normal_" in part])
    assert sorted(rows.tolist()) == list(range(NORMAL))


def test_tests_hold_every_row_in_the_order_of_the_file(scores: h5py.File) -> None:
    for test in TESTS:
        assert scores[test]["event"][:].tolist() == list(range(EACH_TEST))


def test_control_part_is_the_same_for_all_seeds_and_the_training_part_is_not(
    whole_run: WholeRun,
) -> None:
    rows: dict[str, list] = {}
    for seed in SEEDS:
        with h5py.File(whole_run.results / "S" / f"seed{seed}" / "scores.h5") as file:
            for part in file:
                rows.setdefault(part, []).append(file[part]["event"][:].tolist())
    assert rows["normal_control"][0] == rows["normal_control"][1]
    assert rows["normal_train"][0] != rows["normal_train"][1]


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_and_latents_are_those_of_the_rows_of_the_prepared_sample(
    whole_run: WholeRun, seed: int
) -> None:
    folder = whole_run.results / "S" / f"seed{seed}"
    model, normalisation = training.load(folder / "model.pt", torch.device("cpu"))
    (minimum,), (maximum,) = normalisation.minimum, normalisation.maximum
    with h5py.File(folder / "scores.h5") as file:
        for part in PARTS:
            sample = "normal.h5" if part.startswith("normal_") else f"tests/{part}.h5"
            with h5py.File(whole_run.results / "prepared" / "shared" / sample) as prepared:
                images = SparseFile(prepared).read().dense()
            # an event in the middle and at the ends
            for number in (0, EVENTS[part] // 2, EVENTS[part] - 1):
                image = images[file[part]["event"][number]][0]
                image = gaussian_filter(image, normalisation.smoothing, mode="constant")
                normalised = torch.from_numpy((image - minimum) / (maximum - minimum))[None, None]
                with torch.no_grad():
                    latent = model.encode(normalised)
                    output = model.decode(latent)
                error = 0.0
                for a, b in zip(normalised.numpy().flat, output.numpy().flat, strict=True):
                    error += (float(a) - float(b)) ** 2
                # single precision, and another order of sums in a batch of one: about 1e-6
                assert file[part]["error"][number] == pytest.approx(error / image.size, rel=1e-4)
                np.testing.assert_allclose(
                    file[part]["latent"][number], latent[0].numpy(), rtol=1e-4, atol=1e-5
                )


def test_reconstructions_are_of_control_jets_with_their_scores(whole_run: WholeRun) -> None:
    for seed in SEEDS:
        folder = whole_run.results / "S" / f"seed{seed}"
        with (
            h5py.File(folder / "scores.h5") as file,
            h5py.File(folder / "reconstructions.h5") as kept,
        ):
            control = file["normal_control"]
            scored = dict(zip(control["event"][:], control["error"][:], strict=True))
            assert list(kept) == ["low", "middle", "high"]
            for group in kept.values():
                assert [scored[event] for event in group["event"]] == group["error"][:].tolist()
                error = ((group["input"][:] - group["output"][:]) ** 2).mean((1, 2, 3))
                # single precision, and another order of sums: about 1e-6
                np.testing.assert_allclose(error, group["error"][:], rtol=1e-4)
            assert dict(kept.attrs) == dict(file.attrs)


def test_scores_say_what_made_them(whole_run: WholeRun) -> None:
    for seed in SEEDS:
        folder = whole_run.results / "S" / f"seed{seed}"
        with h5py.File(folder / "scores.h5") as file:
            facts = dict(file.attrs)
        assert facts["seed"] == str(seed)
        assert facts["device"] == "cpu"
        assert json.loads(facts["configuration"]) == {"error": "mse", "validation": 0.2}
        inputs = json.loads(facts["inputs"])
        assert inputs == {
            "model": sha256(folder / "model.pt"),
            "normal": sha256(whole_run.results / "prepared" / "shared" / "normal.h5"),
            **{
                test: sha256(whole_run.results / "prepared" / "shared" / "tests" / f"{test}.h5")
                for test in (*TESTS, "signal")
            },
        }
        assert json.loads(facts["packages"])["torch"] == version("torch")
        assert re.fullmatch(r"unknown|[0-9a-f]{40}(-dirty)?", facts["git_commit"])
        assert re.fullmatch(r"3\.\d+\.\d+.*", facts["python"])


def test_model_holds_its_configuration_and_provenance(whole_run: WholeRun) -> None:
    file = whole_run.results / "S" / "seed1" / "model.pt"
    content = torch.load(file, weights_only=True)
    assert content["model"]["latent"] == 2
    assert content["normalisation"].keys() == {"minimum", "maximum", "smoothing"}
    facts = content["provenance"]
    assert json.loads(facts["configuration"])["training"]["epochs"] == 2
    normal = sha256(whole_run.results / "prepared" / "shared" / "normal.h5")
    assert json.loads(facts["inputs"]) == {"normal": normal}


# From scratch, elsewhere


@pytest.fixture(scope="module")
def again(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a second run from scratch in another folder, all but figures and page."""
    place = tmp_path_factory.mktemp("again")
    shutil.copytree(whole_run.directory / "raw", place / "raw")
    done = whole_run.run("results/summary.csv", directory=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "results"


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_come_back_identical_in_a_second_run(
    whole_run: WholeRun, again: Path, seed: int
) -> None:
    name = f"S/seed{seed}/scores.h5"
    with h5py.File(whole_run.results / name) as first, h5py.File(again / name) as second:
        assert list(first) == list(second)
        for part in first:
            for dataset in first[part]:
                np.testing.assert_array_equal(first[part][dataset][:], second[part][dataset][:])


@pytest.mark.parametrize("seed", SEEDS)
def test_provenance_comes_back_identical_in_a_second_run(
    whole_run: WholeRun, again: Path, seed: int
) -> None:
    name = f"S/seed{seed}/scores.h5"
    with h5py.File(whole_run.results / name) as first, h5py.File(again / name) as second:
        assert dict(first.attrs) == dict(second.attrs)


@pytest.mark.parametrize(
    "name",
    [
        *("summary.csv", "tables/fractions.csv", "tables/purity.csv", "tables/detection.csv"),
        *("tables/training.csv", "tables/samples.csv", "baselines/seed1/supervised_history.csv"),
        *("S/fractions.csv", "S/purity.csv", "S/detection.csv"),
    ],
)
def test_table_comes_back_byte_for_byte_in_a_second_run(
    whole_run: WholeRun, again: Path, name: str
) -> None:
    assert (whole_run.results / name).read_bytes() == (again / name).read_bytes()


# Supervised networks


@pytest.mark.parametrize("seed", SEEDS)
def test_networks_predict_the_test_without_truth_alone(whole_run: WholeRun, seed: int) -> None:
    folder = whole_run.results / "baselines" / f"seed{seed}" / "predictions"
    (file,) = folder.iterdir()
    assert file.name == f"cnn_{AWKWARD}.npy"
    predicted = np.load(file, allow_pickle=False)
    assert predicted.dtype == np.float32
    assert predicted.shape == (EACH_TEST,)
    assert ((predicted > 0) & (predicted < 1)).all()
    # what a user computes with the saved networks
    path = file.parents[1] / "supervised.pt"
    classifiers = supervised.load(path, "cnn", torch.device("cpu"))
    sample = whole_run.results / "prepared" / "shared" / "tests" / f"{AWKWARD}.h5"
    with h5py.File(sample) as prepared:
        images = SparseFile(prepared).read().dense()
    smoothed = gaussian_filter(images, (0, 0, 1, 1), mode="constant")
    with torch.no_grad():
        outputs = [one(torch.from_numpy(smoothed)).sigmoid().numpy() for one in classifiers]
    np.testing.assert_allclose(predicted, np.mean(outputs, axis=0), rtol=1e-4)


def test_the_supervised_history_has_a_row_per_half_and_epoch(
    tables: dict[str, pd.DataFrame],
) -> None:
    table = tables["baselines/seed1/supervised_history.csv"]
    found = list(zip(table.network, table.half, table.epoch, strict=True))
    assert found == [("cnn", 1, 1), ("cnn", 2, 1)]


# The page


class Page(HTMLParser):
    """Tags with their attributes, the text between them, and all source but that of scripts."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.markup = re.sub(r"<script\b.*?</script>", "", source, flags=re.DOTALL)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        if not (self.tags and self.tags[-1][0] == "script"):
            self.texts.append(data)


@pytest.fixture(scope="module")
def page(whole_run: WholeRun) -> Page:
    return Page((whole_run.results / "summary.html").read_text("utf-8"))


def test_page_loads_nothing_from_anywhere(page: Page) -> None:
    loaded = [
        (tag, attributes[name])
        for tag, attributes in page.tags
        for name in ("src", "href", "data", "poster", "srcset")
        if name in attributes and tag != "a"
    ]
    assert len(loaded) > 10  # the figures
    assert [one for one in loaded if not one[1].startswith("data:")] == []
    assert "@import" not in page.markup
    assert not re.search(r"url\(\s*['\"]?(https?:)?//", page.markup)


def test_page_shows_its_figures(page: Page) -> None:
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    # of all samples and results, of the weak tagger, of the first seed of the one model, and of the
    # supervised network
    assert len(images) == 10 + 3 + 8 + 3
    for attributes in images:
        assert attributes["src"].startswith("data:image/png;base64,")
        assert attributes["alt"]


def test_page_escapes_the_names_of_samples(page: Page) -> None:
    assert AWKWARD not in page.markup
    assert 'a & "b' not in page.markup
    shown = [text for text in page.texts if AWKWARD in text]
    assert len(shown) >= 3  # in words, in a card, in a table


def test_page_quotes_every_fraction_of_the_summary(
    page: Page, tables: dict[str, pd.DataFrame]
) -> None:
    text = " ".join(page.texts)
    for fraction in tables["summary.csv"].fraction:
        assert f"{100 * fraction:.1f}%" in text


# The target coverage


def test_coverage_measures_every_estimator_with_every_score_and_verify_leaves_it_aside(
    whole_run: WholeRun, tmp_path: Path
) -> None:
    place = Path(shutil.copytree(whole_run.directory, tmp_path / "run"))
    done = whole_run.run("coverage", directory=place)
    assert done.returncode == 0, done.stderr
    verified = whole_run.run("verify", directory=place)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    table = pd.read_csv(place / "results" / "tables" / "coverage.csv")
    assert set(table.score) == {"S", "weak", "brightness", "mass", "lit_pixels"}
    assert set(table[table.distortion == "none"].fraction) == {0.2, 0.7}
    assert set(table[table.distortion == "scale 1.1"].fraction) == {0.3}
    assert (table.events == 30).all()
    for score, of_score in table.groupby("score"):
        assert set(of_score.estimator) == set(ESTIMATORS)
        assert set(of_score.repeats) == {2 if score == "weak" else 6}
    trusted = pd.read_csv(place / "results" / "tables" / "trust.csv")
    assert set(trusted.score) == set(table.score)
    assert trusted.trusted.between(0, 1).all()
    for name in ("coverage_68", "coverage_95"):
        assert table[name].between(0, 1).all()
    for name in ("coverage", "trust", "distortions", "tagger_auc"):
        assert (place / "results" / "figures" / f"{name}.png").stat().st_size > 10_000


def test_coverage_without_truth_says_what_it_needs(tiny_samples: Path, tiny_config: dict) -> None:
    del tiny_config["samples"]["tests"]["high"]["truth"]
    done = run_workflow("coverage", "-n", config=tiny_config, directory=tiny_samples)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "The target coverage needs labelled jets" in said
    assert "Hint:" in said
