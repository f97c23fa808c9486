"""Mistakes in a configuration: each gives a sentence with its key and what is allowed."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import REPO

from oddjet.planning import configuration, remote

DEFAULTS = yaml.safe_load((REPO / "config" / "config.yaml").read_text("utf-8"))
SCHEMA = yaml.safe_load((REPO / "workflow" / "schemas" / "config.schema.yaml").read_text("utf-8"))
NORMAL = {"file": "n.npz"}
SAMPLES = {"normal": NORMAL, "tests": {"low": {"file": "l.npz"}}}


def merged(given: dict[str, Any]) -> dict[str, Any]:
    """Defaults updated recursively by what was given, as Snakemake does."""

    def update(target: dict[str, Any], source: dict[str, Any]) -> None:
        for key, value in source.items():
            if isinstance(value, dict) and isinstance(target.get(key), dict):
                update(target[key], value)
            else:
                target[key] = value

    config = deepcopy(DEFAULTS)
    update(config, deepcopy(given))
    configuration.replace_as_a_whole(config, given)
    return config


def problems(text: str) -> list[str]:
    """What is wrong with a user's file of this text."""
    return configuration.problems(merged(yaml.safe_load(text)), SCHEMA)


def test_defaults_have_no_problem() -> None:
    assert configuration.problems(DEFAULTS, SCHEMA) == []


@pytest.mark.parametrize(
    "text",
    [
        "seeds: [0]",
        "models: {XL: {latent: 64, dropout: 0}, 'a & \"b\"': {latent: 1}}",
        "samples: {course: G15}",
        "samples: {normal: {file: n.npz}, tests: {'a & \"b\"': {file: l.npz, key: x}}}",
        "samples: {normal: {file: n.npz}, tests: {abnormal: {file: l.npz}}}",
        "training: {epochs: 1, device: cpu}",
        "models: {S: {latent: 3, loss: {ssim: 0.5, mse: 0.5}, error: hellinger}}",
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz, truth: 1}}}",
        "fraction: {max_fpr: 0.01}",
        "fraction: {headline: corrected, headline_model: S}",
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz, at_least: 0.1, at_most: 0.1}}}",
        "fraction: {headline: template}\n"
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz}}, signal: {file: s.npz}}",
        "supervised: {networks: {}}",
        "images: {layout: constituents}\n"
        "supervised: {networks: {dense: {inputs: constituents, leading: 5, hidden: []}}}",
        "results: out/run 1",
        "samples: {normal: {file: n.h5, where: {'jets[-6]': 1, pt: {at_least: 500, below: 600}}},"
        " tests: {a: {file: l.h5, truth: {file: l.h5, key: jets, column: [-2, 3]}}}}",
        f"samples: {{normal: {{url: 'https://a.org/n.zip', sha256: {'0a' * 32}, member: a/n.h5}},"
        f" tests: {{a: {{url: 'http://a.org/l.h5', md5: {'0b' * 16}, truth: 1}}}}}}",
        "samples: {normal: {file: n.h5, weight: w}, tests: {a: {file: l.h5, weight: {file: w.h5,"
        " key: t, column: w}}}}",
        "images: {layout: constituents, coordinates: [pt, eta, phi]}\n"
        "samples: {normal: {file: n.h5, cluster: {}}, tests: {a: {file: l.h5, cluster: {algorithm: "
        "kt, radius: 0.8, jets: [1, 2], min_pt: 20}}}}",
        "samples: {normal: {doi: 10.5281/zenodo.1, name: n.h5}, tests: {a: {url: 'root://a//l.h5', "
        f"md5: {'0b' * 16}, truth: {{doi: 10.5281/zenodo.2, name: t.zip, member: t.h5}}}}}}}}",
        "images: {coordinates: [phi, eta, pt, mask], unit: MeV}",
        "images: {coordinates: {ptrel: 2, etarel: 0, phirel: 1}}",
        "images: {layout: constituents, coordinates: {pt: 0, y: 1, phi: 2, code: 3}, one_hot: "
        "{codes: [22, 211]}}",
        "images: {coordinates: {pt: part_pt, y: part_y, phi: part_phi}}",
    ],
)
def test_what_is_allowed_is_not_refused(text: str) -> None:
    assert problems(text) == []


# a user's file, and what its one sentence must hold
MISTAKES: dict[str, tuple[str, list[str]]] = {
    "unknown key": ("colour: red", ["configuration:", "unknown key colour", "allowed:", "models"]),
    "misspelt key": ("seed: [1]", ["unknown key seed;", "seeds", "Hint: did you mean seeds?"]),
    "misspelt key inside": (
        "training: {epoch: 3}",
        [
            "training:",
            "unknown key epoch;",
            "allowed: augmentation, batch_size, device, epochs",
            "mean epochs?",
        ],
    ),
    "misspelt key of a model": (
        "models: {S: {latent: 3, droput: 0.1}}",
        [
            "models.S:",
            "unknown key droput",
            "allowed: activation, dropout, error, hidden, kind, latent",
            "mean dropout?",
        ],
    ),
    "misspelt key of a test": (
        "samples: {normal: {file: n.npz}, tests: {low: {file: l.npz, truht: {file: t.npz}}}}",
        ["samples.tests.low:", "unknown key truht", "did you mean truth?"],
    ),
    "headline model that is none": (
        "models: {S: {latent: 3}}\nfraction: {headline_model: L}",
        ["fraction.headline_model:", "found 'L'", "allowed: auto, weak, S."],
    ),
    "template without a simulation": (
        "fraction: {headline: template}",
        ["fraction.headline:", "found template", "expected samples.signal", "Hint:"],
    ),
    "priors that exclude each other": (
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz, at_least: 0.6, at_most: 0.4}}}",
        ["samples.tests.a:", "at_least 0.6 above at_most 0.4"],
    ),
    "prior beyond one": (
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz, at_least: 1.6}}}",
        ["samples.tests.a.at_least:", "found 1.6", "<= 1"],
    ),
    "pair of no fraction": ("coverage: {pairs: [[]]}", ["coverage.pairs.0:", "at least 1"]),
    "constituents of a network of images": (
        "supervised: {networks: {cnn: {inputs: images, leading: 5}}}",
        ["supervised.networks.cnn:", "unknown key leading", "allowed: inputs."],
    ),
    "constituents where there are none": (
        "supervised: {networks: {dense: {inputs: constituents}}}",
        ["supervised.networks.dense:", "images.layout channels_last;", "expected", "Hint:"],
    ),
    "a url without a checksum": (
        "samples: {normal: {url: 'https://a.org/n.h5'}, tests: {a: {file: l.npz}}}",
        ["samples.normal:", "found url with no checksum", "sha256 and md5.", "Hint:"],
    ),
    "a url with two checksums": (
        f"samples: {{normal: {{url: 'https://a.org/n.h5', md5: {'0b' * 16}, sha256: {'0a' * 32}}},"
        " tests: {a: {file: l.npz}}}",
        ["samples.normal:", "found url with sha256 and md5", "expected one of"],
    ),
    "a url beside a file": (
        "samples: {normal: {file: n.h5}, tests: {a: {file: l.npz, truth: "
        f"{{file: t.npz, url: 'https://a.org/n.h5', md5: {'0b' * 16}}}}}}}}}",
        ["samples.tests.a.truth:", "found url, md5 beside file", "expected"],
    ),
    "a doi without a name": (
        "samples: {normal: {doi: 10.5281/zenodo.1}, tests: {a: {file: l.npz}}}",
        ["samples.normal:", "found doi alone", "expected the name of a file"],
    ),
    "a doi beside a url": (
        f"samples: {{normal: {{doi: 10.5281/zenodo.1, name: n.h5, url: 'https://a.org/n.h5', md5: "
        f"{'0b' * 16}}}, tests: {{a: {{file: l.npz}}}}}}",
        ["samples.normal:", "found url beside doi", "expected a url, or a doi"],
    ),
    "a doi beside a file": (
        "samples: {normal: {file: n.h5, doi: 10.5281/zenodo.1, name: n.h5}, tests: {a: {file: l}}}",
        ["samples.normal:", "found doi, name beside file"],
    ),
    "a doi that is an address": (
        "samples: {normal: {doi: 'https://doi.org/10.5281/zenodo.1', name: n.h5}, tests: {a: {file:"
        " l.npz}}}",
        ["samples.normal.doi:", "does not match"],
    ),
    "a truth without a file": (
        "samples: {normal: {file: n.h5}, tests: {a: {file: l.npz, truth: {key: y}}}}",
        ["samples.tests.a.truth:", "file missing"],
    ),
    "weights without a file": (
        "samples: {normal: {file: n.h5, weight: {key: w}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.weight:", "file missing"],
    ),
    "a weight that is a number": (
        "samples: {normal: {file: n.h5, weight: 2}, tests: {a: {file: l.npz}}}",
        ["samples.normal.weight:", "found 2", "expected text", "quote it"],
    ),
    "an unknown algorithm": (
        "samples: {normal: {file: n.h5, cluster: {algorithm: antikt}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.cluster.algorithm:", "'antikt'", "anti-kt, cambridge-aachen, kt"],
    ),
    "a jet that is none": (
        "samples: {normal: {file: n.h5, cluster: {jets: [0]}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.cluster.jets.0:", "found 0", ">= 1"],
    ),
    "codes without a coordinate": (
        "images: {layout: constituents, one_hot: {codes: [22]}}",
        ["images.coordinates:", "found images.one_hot without code", "expected both"],
    ),
    "a coordinate of codes without any": (
        "images: {layout: constituents, coordinates: [pt, eta, phi, code]}",
        ["images.coordinates:", "found code without images.one_hot", "expected both"],
    ),
    "a channel of constituents": (
        "images: {layout: constituents, coordinates: [pt, eta, phi, code], one_hot: {channel: 0, "
        "codes: [22]}}",
        ["images.one_hot:", "found channel", "codes alone"],
    ),
    "codes without a channel beside a choice of channels": (
        "images: {channels: [1, 2], one_hot: {codes: [22]}}",
        ["images.one_hot:", "channel missing"],
    ),
    "codes without a channel": (
        "images: {one_hot: {codes: [22]}}",
        ["images.one_hot:", "channel missing"],
    ),
    "codes of particles of events": (
        "images: {layout: constituents, coordinates: [pt, eta, phi, code], one_hot: {codes: [2]}}\n"
        "samples: {normal: {file: n.h5, cluster: {}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.cluster:", "found code", "not kept"],
    ),
    "events as images": (
        "samples: {normal: {file: n.h5, cluster: {}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.cluster:", "images.layout channels_last", "constituents"],
    ),
    "events in coordinates of jets": (
        "images: {layout: constituents, coordinates: [ptrel, etarel, phirel]}\n"
        "samples: {normal: {file: n.h5}, tests: {a: {file: l.npz, cluster: {}}}}",
        ["samples.tests.a.cluster:", "relative to a jet", "such as pt, eta, phi"],
    ),
    "a checksum that is none": (
        "samples: {normal: {url: 'https://a.org/n.h5', md5: abc}, tests: {a: {file: l.npz}}}",
        ["samples.normal.md5:", "'abc' does not match"],
    ),
    "a member outside its archive": (
        f"samples: {{normal: {{url: 'https://a.org/n.zip', md5: {'0b' * 16}, member: a/../../b}},"
        " tests: {a: {file: l.npz}}}",
        ["samples.normal.member:", "does not match"],
    ),
    "limits of another name": (
        "samples: {normal: {file: n.npz, where: {pt: {over: 5}}}, tests: {a: {file: l.npz}}}",
        ["samples.normal.where.pt:", "unknown key over;", "allowed: at_least, below"],
    ),
    "classes beside their values": (
        "samples: {normal: {file: n.npz}, tests: {a: {file: l.npz, "
        "truth: {file: l.npz, column: [1, 2], anomalous: 1}}}}",
        ["samples.tests.a.truth:", "anomalous with several columns", "expected either"],
    ),
    "coordinates that make no four-vector": (
        "images: {coordinates: [pt, eta, pz]}",
        ["images.coordinates:", "found pt, eta, pz", "E px py pz; pt eta phi;", "perhaps mask"],
    ),
    "a coordinate of another name": (
        "images: {coordinates: {pT: 0, eta: 1, phi: 2}}",
        ["images.coordinates:", "found 'pT'", "allowed: E, px, py, pz, pt"],
    ),
    "coordinates in columns and in positions": (
        "images: {coordinates: {pt: 0, eta: part_eta, phi: 2}}",
        ["images.coordinates:", "part_eta", "either positions in the last axis or names"],
    ),
    "a unit of shares": (
        "images: {coordinates: [ptrel, etarel, phirel], unit: MeV}",
        ["images.unit:", "found MeV", "relative to the jet"],
    ),
    "network without its inputs": (
        "supervised: {networks: {cnn: {}}}",
        ["supervised.networks.cnn:", "inputs missing"],
    ),
    "predictions of the same name": (
        "samples: {normal: {file: n.npz}, tests: {c: {file: l.npz}, b_c: {file: l.npz}}}\n"
        "supervised: {networks: {a: {inputs: images}, a_b: {inputs: images}}}",
        ["supervised.networks:", "called a_b_c.npy", "Hint: rename"],
    ),
    "text for a number": (
        "training: {epochs: many}",
        ["training.epochs:", "found 'many'", "expected an integer"],
    ),
    "1e-3, which YAML takes for text": (
        "training: {learning_rate: 1e-3}",
        ["training.learning_rate:", "found '1e-3'", "expected a number", "Hint:", "1.0e-3"],
    ),
    "broken number": (
        "training: {epochs: 2.5}",
        ["training.epochs:", "found 2.5", "expected an integer"],
    ),
    "number for a list": ("seeds: 3", ["seeds:", "found 3", "expected a list"]),
    "list for a mapping": ("models: [S, L]", ["models:", "expected a mapping"]),
    "nothing for a mapping": ("models:", ["models:", "found None", "expected a mapping"]),
    "yes for a number": ("seeds: [yes]", ["seeds.0:", "found True", "expected an integer"]),
    "negative seed": ("seeds: [-1]", ["seeds.0:", "found -1", "expected a number >= 0"]),
    "too large a seed": ("seeds: [4294967296]", ["seeds.0:", "<= 4294967295"]),
    "duplicate seed": ("seeds: [1, 2, 1]", ["seeds:", "duplicate", "[1, 2, 1]", "each item once"]),
    "no seed": ("seeds: []", ["seeds:", "found none", "at least 1"]),
    "no model": ("models: {}", ["models:", "found none", "at least 1"]),
    "no test": (
        "samples: {normal: {file: n.npz}, tests: {}}",
        ["samples.tests:", "found none", "at least 1"],
    ),
    "model without its latent size": ("models: {S: {}}", ["models.S:", "latent missing"]),
    "sample without its file": (
        "samples: {normal: {key: x}, tests: {low: {file: l.npz}}}",
        ["samples.normal:", "file missing"],
    ),
    "latent size of zero": (
        "models: {S: {latent: 0}}",
        ["models.S.latent:", "found 0", "expected a number >= 1"],
    ),
    "false positive rate of one": (
        "fraction: {max_fpr: 1}",
        ["fraction.max_fpr:", "found 1", "expected a number < 1"],
    ),
    "control share of zero": (
        "split: {control: 0}",
        ["split.control:", "found 0", "expected a number > 0"],
    ),
    "too few replicas": ("fraction: {bootstrap: 10}", ["fraction.bootstrap:", ">= 100"]),
    "number for a mapping or null": (
        "training: {plateau: 3}",
        ["training.plateau:", "found 3", "expected a mapping (key: value) or null"],
    ),
    "plateau without its patience": (
        "training: {plateau: {factor: 0.1}}",
        ["training.plateau:", "patience missing"],
    ),
    "plateau that raises the learning rate": (
        "training: {plateau: {factor: 10, patience: 3}}",
        ["training.plateau.factor:", "found 10", "expected a number < 1"],
    ),
    "unknown device": (
        "training: {device: gpu}",
        ["training.device:", "found 'gpu'", "allowed: auto, cpu, cuda"],
    ),
    "unknown loss": (
        "models: {S: {latent: 3, loss: mean}}",
        ["models.S.loss:", "found 'mean'", "allowed: mse, mae, huber"],
    ),
    "unknown loss in a sum": (
        "models: {S: {latent: 3, error: {mse: 1, mean: 1}}}",
        ["models.S.error:", "found 'mean'", "allowed: mse, mae, huber"],
    ),
    "negative weight": (
        "models: {S: {latent: 3, error: {mse: -1}}}",
        ["models.S.error.mse:", "found -1", "expected a number > 0"],
    ),
    "wrong value of a model's own key": (
        "models: {S: {latent: 3, hidden: 64}}",
        ["models.S.hidden:", "found 64", "expected a list"],
    ),
    "truth that is no label": (
        "samples: {normal: {file: n.npz}, tests: {low: {file: l.npz, truth: 2}}}",
        ["samples.tests.low.truth:", "found 2", "allowed: 0, 1"],
    ),
    "unknown kind of model": (
        "models: {S: {latent: 3, kind: transformer}}",
        ["models.S.kind:", "found 'transformer'", "allowed: dense, convolutional"],
    ),
    "course and files": (
        "samples: {course: G15, normal: {file: n.npz}, tests: {low: {file: l.npz}}}",
        ["samples:", "either normal and tests, or course", "found course, normal, tests"],
    ),
    "neither course nor files": (
        "samples: {}",
        ["samples:", "either normal and tests, or course", "found nothing"],
    ),
    "tests without normal": (
        "samples: {tests: {low: {file: l.npz}}}",
        ["samples:", "either normal and tests, or course", "found tests"],
    ),
    "model name with a slash": ("models: {a/b: {latent: 3}}", ["models:", "'a/b'", "no slash"]),
    "model name with a brace": ("models: {'{a}': {latent: 3}}", ["models:", "'{a}'", "brace"]),
    "model name with a dot in front": ("models: {.a: {latent: 3}}", ["models:", "'.a'", "dot"]),
    "model named as a folder of the workflow": (
        "models: {tables: {latent: 3}}",
        ["models:", "'tables'", "uses itself"],
    ),
    "test named like a part of the normal sample": (
        "samples: {normal: {file: n.npz}, tests: {normal_x: {file: l.npz}}}",
        ["samples.tests:", "'normal_x'", "uses itself"],
    ),
    "test named all": (
        "samples: {normal: {file: n.npz}, tests: {all: {file: l.npz}}}",
        ["samples.tests:", "'all'", "uses itself"],
    ),
    "test whose name is a number": (
        "samples: {normal: {file: n.npz}, tests: {2024: {file: l.npz}}}",
        ["samples.tests:", "2024"],
    ),
    "simulated process that its layout has not": (
        "simulation: {layout: constituents, processes: {qcd: 10, top: 10, ttbar: 10}}",
        ["simulation.processes:", "found 'ttbar'", "allowed: qcd, top."],
    ),
    "one process where two are told apart": (
        "simulation: {layout: calorimeter, processes: {quark: 10}}",
        ["simulation.processes:", "gluon missing"],
    ),
    "events of no process": (
        "simulation: {layout: events}",
        ["simulation.processes:", "found none", "at least 1"],
    ),
    "processes for the images, which have their own numbers": (
        "simulation: {processes: {qcd: 10}}",
        ["simulation.processes:", "found 'qcd'", "allowed: none"],
    ),
    "unknown layout": (
        "simulation: {layout: graph}",
        ["simulation.layout:", "found 'graph'", "allowed: images, constituents"],
    ),
    "results folder with a brace": ("results: 'out/{model}'", ["results:", "{model}"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_gives_one_sentence_with_its_key_and_what_is_allowed(mistake: str) -> None:
    text, parts = MISTAKES[mistake]
    (sentence,) = problems(text)
    for part in parts:
        assert part in sentence
    assert sentence.endswith((".", "?"))


def test_mistake_in_the_simulated_tests_names_its_key() -> None:
    (sentence,) = problems("simulation: {tests: {low: {events: 10, fraction: 1.2}}}")
    assert sentence.startswith("simulation.tests.low.fraction: found 1.2; expected a number <= 1.")


def test_all_mistakes_are_named_at_once() -> None:
    sentences = problems("{seeds: [], training: {epochs: 0, device: gpu}, colour: red}")
    keys = [sentence.split(":")[0] for sentence in sentences]
    assert keys == ["configuration", "seeds", "training.device", "training.epochs"]


@pytest.mark.parametrize(
    "text",
    [
        "training: {epochs: 10.0}",
        "training: {batch_size: 64.0}",
        "models: {S: {latent: 3.0}}",
        "seeds: [1.0]",
    ],
)
def test_a_whole_number_with_a_decimal_point_is_no_integer(text: str) -> None:
    # neither PyTorch nor range() takes a 3.0, and seed1.0 would be another folder than seed1
    assert problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "training: {learning_rate: .nan}",
        "training: {learning_rate: .inf}",
        "fraction: {max_fpr: .nan}",
        "split: {control: .nan}",
    ],
)
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    assert problems(text)


# Replaced as a whole


def test_samples_and_models_that_are_given_replace_the_defaults_as_a_whole() -> None:
    config = merged({"samples": SAMPLES, "models": {"XL": {"latent": 64}}})
    assert config["samples"] == SAMPLES  # the demo's key, truth and second test are gone
    assert config["models"] == {"XL": {"latent": 64}}
    assert config["seeds"] == DEFAULTS["seeds"]


def test_a_course_identifier_replaces_the_demo_files() -> None:
    assert merged({"samples": {"course": "G15"}})["samples"] == {"course": "G15"}


def test_simulated_tests_replace_the_defaults_as_a_whole_and_their_neighbours_do_not() -> None:
    tests = {"only": {"events": 10, "fraction": 0.5}}
    config = merged({"simulation": {"tests": tests, "image": {"size": 40}}})
    assert config["simulation"]["tests"] == tests
    assert config["simulation"]["image"] == DEFAULTS["simulation"]["image"] | {"size": 40}


def test_what_is_not_given_stays_the_default() -> None:
    assert merged({"training": {"epochs": 3}}) == DEFAULTS | {
        "training": DEFAULTS["training"] | {"epochs": 3}
    }
    assert merged({}) == DEFAULTS


# Missing files


def test_missing_files_are_named_by_their_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l.npz").touch()
    samples = {
        "normal": {"file": "n.npz"},
        "tests": {
            "low": {"file": "l.npz", "truth": {"file": "t.npz"}},
            "made": {"file": "results/simulation/Test_data_made.npz"},
        },
    }
    found = configuration.wrong_files(samples, made="results/simulation")
    assert [sentence.split(":")[0] for sentence in found] == [
        "samples.normal.file",
        "samples.tests.low.truth.file",
    ]
    for file, sentence in zip(("n.npz", "t.npz"), found, strict=True):
        assert f"found no file {file}; expected an existing file." in sentence
        assert "Hint: " in sentence
        assert str(tmp_path) in sentence


def test_several_files_are_a_list_or_what_is_like_a_pattern_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("b2.h5", "b10.h5", "a.npz", "deep/down/b3.h5", "c[1].h5"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("b1.h5").mkdir()  # no file
    assert configuration.files_of("b*.h5") == ["b10.h5", "b2.h5"]
    assert configuration.files_of(["b*.h5", "a.npz"]) == ["b10.h5", "b2.h5", "a.npz"]
    assert configuration.files_of("**/b3.h5") == ["deep/down/b3.h5"]
    assert configuration.files_of(str(tmp_path / "?.npz")) == [str(tmp_path / "a.npz")]
    assert configuration.files_of("c[1].h5") == ["c[1].h5"]
    samples = {
        "normal": {"file": "b*.h5"},
        "tests": {"x": {"file": "a.npz", "truth": {"file": ["a.npz"]}}, "y": {"file": "a.npz"}},
    }
    assert configuration.wrong_files(samples, made="results/simulation") == []
    made = configuration.with_files(samples, "results/raw/fetched")
    assert made["normal"]["file"] == ["b10.h5", "b2.h5"]
    assert made["tests"]["x"]["file"] == made["tests"]["x"]["truth"]["file"] == ["a.npz"]
    assert samples["normal"]["file"] == "b*.h5"  # as it was given


def test_a_file_elsewhere_lies_where_its_checksum_says_and_is_fetched_once() -> None:
    archive = {
        "url": "https://a.org/records/1/files/jets%20of%20a.zip?download=1",
        "md5": "AB" * 16,
    }
    truth = archive | {"member": "test/labels.npy"}
    samples = {
        "normal": archive | {"member": "train.h5"},
        "tests": {"x": {"url": "http://a.org/x.h5", "sha256": "c" * 64, "truth": truth}},
        "signal": {"file": "s.h5"},
    }
    made = configuration.with_files(samples, "fetched")
    there = f"{'ab' * 16}/jets of a.zip"
    assert made["normal"]["file"] == [f"fetched/{'ab' * 16}/members/train.h5"]
    assert made["tests"]["x"]["file"] == [f"fetched/{'c' * 64}/x.h5"]
    assert made["tests"]["x"]["truth"]["file"] == [f"fetched/{'ab' * 16}/members/test/labels.npy"]
    arrays = configuration.elsewhere(samples)
    fetched = remote.to_fetch(arrays)
    assert fetched[there] == {"url": archive["url"], "algorithm": "md5", "checksum": "ab" * 16}
    assert len(fetched) == 2
    extracted = remote.to_extract(arrays)
    assert {path.split("/", 2)[2] for path in extracted} == {"train.h5", "test/labels.npy"}
    assert {one["archive"] for one in extracted.values()} == {there}
    record = {"doi": "10.5281/zenodo.1", "name": "a.zip", "member": "a.h5"}
    assert remote.place(record) == "10.5281_zenodo.1/members/a.h5"
    stated = {"url": "doi:10.5281/zenodo.1/a.zip", "algorithm": None, "checksum": None}
    assert remote.to_fetch([record]) == {"10.5281_zenodo.1/a.zip": stated}
    assert remote.fetched(record | {"md5": "AB" * 16}) == f"{'ab' * 16}/a.zip"
    assert configuration.wrong_files(samples | {"signal": samples["normal"]}, "made") == []


def test_files_that_are_none_or_twice_there_are_named_by_their_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.h5", "b.h5"):
        Path(name).touch()
    Path("link.h5").symlink_to("a.h5")
    samples = {
        "normal": {"file": ["a.h5", "gone.h5"]},
        "tests": {
            "none": {"file": "x*.h5"},
            "there": {"file": "https://a.org/x.h5"},
            "twice": {"file": ["a.h5", "?.h5"]},
            "linked": {"file": "*.h5"},
        },
    }
    found = configuration.wrong_files(samples, made="results/simulation")
    assert "Hint: what is to be fetched is named as url" in found[2]
    assert [sentence.split(" Hint: ")[0] for sentence in found] == [
        "samples.normal.file: found no file gone.h5; expected an existing file.",
        "samples.tests.none.file: found no files like x*.h5; expected an existing file.",
        "samples.tests.there.file: found no file https://a.org/x.h5; expected an existing file.",
        "samples.tests.twice.file: found a.h5 twice; expected each file once.",
        "samples.tests.linked.file: found link.h5, which is a.h5, twice; expected each file once.",
    ]


# Models with settings of their own


def settled(text: str) -> dict[str, dict[str, Any]]:
    config = merged(yaml.safe_load(text))
    for model in config["models"].values():
        model.setdefault("loss", "mse")
        model.setdefault("error", "mse")
        model.setdefault("threads", 4)
    return configuration.model_settings(config["models"], config)


def test_a_model_changes_what_it_says_of_preprocessing_and_training_and_nothing_else() -> None:
    settings = settled(
        "models: {a: {latent: 1}, b: {latent: 1, preprocessing: {size: 24},"
        " training: {epochs: 7, per_gpu: 4, plateau: {factor: 0.5, patience: 2},"
        " augmentation: {rotate: true}}}}"
    )
    assert settings["a"]["preprocessing"] == DEFAULTS["preprocessing"]
    assert settings["b"]["preprocessing"] == DEFAULTS["preprocessing"] | {"size": 24}
    training = {name: value for name, value in DEFAULTS["training"].items() if name != "per_gpu"}
    assert settings["a"]["training"] == training
    assert [model["per_gpu"] for model in settings.values()] == [1, 4]
    augmentation = DEFAULTS["training"]["augmentation"] | {"rotate": True}
    plateau = {"factor": 0.5, "patience": 2}
    changes = {"epochs": 7, "plateau": plateau, "augmentation": augmentation}
    assert settings["b"]["training"] == training | changes
    assert settings["b"]["architecture"] == {"latent": 1}
    assert {model["threads"] for model in settings.values()} == {4}


def test_models_that_want_the_same_share_a_preparation_and_smoothing_needs_none() -> None:
    settings = settled(
        "models: {a: {latent: 1, preprocessing: {smoothing: 3}}, b: {latent: 1, preprocessing:"
        " {rotate: false}}, c: {latent: 2, preprocessing: {rotate: false}}}"
    )
    made, of = configuration.preparations(settings, DEFAULTS["preprocessing"])
    assert of == {"a": "shared", "b": "rotate_false", "c": "rotate_false"}
    assert list(made) == ["shared", "rotate_false"]
    assert made["rotate_false"] == made["shared"] | {"rotate": False}
    assert "smoothing" not in made["shared"]


def test_a_preparation_keeps_its_name_when_other_models_come_and_go() -> None:
    wanted = "b: {latent: 1, preprocessing: {crop: auto, size: null, power: 0.5}}"
    names = set()
    for text in (f"models: {{{wanted}}}", f"models: {{a: {wanted[3:]}, {wanted}}}"):
        names.add(configuration.preparations(settled(text), DEFAULTS["preprocessing"])[1]["b"])
    assert names == {"size_null-power_0.5"}


def test_a_model_named_as_one_of_the_default_benchmark_stands_in_its_place() -> None:
    config = merged({"models": {"softmax": {"latent": 2}}})
    assert "softmax" not in config["benchmark"]["models"]
    assert "variational" in config["benchmark"]["models"]
    assert problems("models: {softmax: {latent: 2}}") == []


def test_a_name_that_the_benchmark_has_already_is_refused() -> None:
    (sentence,) = problems("benchmark: {models: {S: {latent: 2}}, ablation: {}, latents: []}")
    assert "found S twice" in sentence


def test_aliases_that_unfold_into_more_than_anyone_writes_are_refused_at_once() -> None:
    value: Any = "x"
    for _ in range(40):
        value = [value] * 9
    circle: dict[str, Any] = {}
    circle["S"] = circle
    for models in (value, circle):
        (problem,) = configuration.problems({"models": models}, {})
        assert "aliases (*name) that unfold into more than" in problem
        assert len(problem) < 300


def test_keys_that_are_there_twice_are_named_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: &x {b: 1}\nc:\n  d: {<<: *x, b: 2}\n  e: [{f: 1, 'f': 2}]\n  d: 3\n")
    assert configuration.repeated_keys(file) == [
        f"{file}: found {key} in line {first} and again in line {line}; expected each key once. "
        "Hint: the last would take the place of the others."
        for key, first, line in (("d", 3, 5), ("f", 4, 4))
    ]


def test_json_with_tabs_is_no_yaml_and_is_left_to_snakemake(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{\n\t"seeds": [1]\n}')
    assert configuration.repeated_keys(file) == []


def test_a_folder_of_results_that_can_be_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("n.npy").touch()
    assert configuration.wrong_results("new/results") == []
    for folder in (".", "n.npy", "n.npy/results"):
        (said,) = configuration.wrong_results(folder)
        assert said.startswith("results: found ")
        assert "expected a folder" in said


def test_a_file_whose_name_snakemake_reads_as_a_wildcard_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lo{1}.npy"
    file.touch()
    samples = {"normal": {"file": str(file)}, "tests": {}}
    (said,) = configuration.wrong_files(samples, made="results/simulation")
    assert "without braces" in said


def test_a_file_of_a_pattern_that_is_gone_since_the_last_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n_1.h5").touch()
    samples = {"normal": {"file": "n_*.h5"}, "tests": {"low": {"file": ["l.h5", "m/*.h5"]}}}
    before = [
        {"sample": "normal", "file": "n_1.h5"},
        {"sample": "normal", "file": "n_2.h5"},
        {"sample": "low", "file": "m/3.h5"},
        {"sample": "low", "file": "l.h5"},  # named itself: that is an error
        {"sample": "low", "file": "k.h5"},  # of another configuration
        {"sample": "old", "file": "n_2.h5"},
        {"sample": "low.v1", "file": "v_1.h5"},
        {"sample": "truth", "file": "t_1.h5"},
        {"sample": "deep", "file": "d/1.h5"},  # `**/` of no folder
        {"sample": "deep", "file": "d/e/f/2.h5"},
    ]
    samples["tests"] |= {"low.v1": {"file": "v_*.h5"}, "truth": {"file": "t_*.h5"}}
    samples["tests"]["deep"] = {"file": "d/**/*.h5"}
    found = configuration.gone(samples, before)
    assert [text.split(". Hint: ")[0] for text in found] == [
        "n_2.h5 is gone, which sample normal had in the last run",
        "m/3.h5 is gone, which sample low had in the last run",
        "v_1.h5 is gone, which sample low.v1 had in the last run",
        "t_1.h5 is gone, which sample truth had in the last run",
        "d/1.h5 is gone, which sample deep had in the last run",
        "d/e/f/2.h5 is gone, which sample deep had in the last run",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("samples: {normal: {file: n.h5, rows: [5]}}", "found [5]; expected at least 2 of them."),
        (
            "coverage: {pairs: [[0.1, 0.2, 0.3]]}",
            "found [0.1, 0.2, 0.3]; expected 2 of them at most.",
        ),
        ("images: {channels: []}", "found []; expected a list of at least 1 or null."),
        (
            "publish: {date: 2024-01-02}",
            "found 2024-01-02; expected text or null. Hint: YAML reads it as a date; quote it",
        ),
        ("models: {summary.csv: {latent: 2}}", "the name 'summary.csv' cannot be used"),
        (
            "samples: {normal: {file: n.h5}, tests: {t: {file: t.h5}}, "
            "signal: {file: s.h5, rows: [10, 5]}}",
            "samples signal: found rows [10, 5]; expected the first below the last.",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_was_found_and_expected(text: str, said: str) -> None:
    assert any(said in problem for problem in problems(text))


def test_distortions_may_have_any_name_but_that_of_none_at_all() -> None:
    assert problems('coverage: {distortions: {"my scale, 1.05": {scale: 1.05}}}') == []
    assert problems("coverage: {distortions: {none: {scale: 1.05}}}")


def test_the_tilde_of_a_path_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/there")
    files = {"normal": {"file": "~/n.h5"}, "tests": {"t": {"file": ["./a.h5", "~/b.h5"]}}}
    files["tests"]["t"]["truth"] = {"file": "~/l.npz"}
    made = configuration.at_home({"results": "~/out", "samples": files})
    assert made["results"] == "/there/out"
    assert made["samples"]["normal"]["file"] == "/there/n.h5"
    assert made["samples"]["tests"]["t"]["file"] == ["./a.h5", "/there/b.h5"]
    assert made["samples"]["tests"]["t"]["truth"]["file"] == "/there/l.npz"
