"""Each public data set is read as docs/inputs.md says, from small files in exactly its layout.

The YAML is taken from the page. Jets are the same in all of them: what is read is compared with
what they are made of.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import awkward
import h5py
import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
import test_jet_finding as jets_of_events
import uproot
import yaml
from conftest import IMAGES, REPO, SCHEMA
from test_configuration import merged

from oddjet.planning import configuration
from oddjet.prepare import jet_finding
from oddjet.prepare.constituents import jet_images
from oddjet.prepare.images import Images
from oddjet.prepare.raw import open_column, read_one_hot, read_truth

PAGE = (REPO / "docs" / "inputs.md").read_text("utf-8").split("## Public data sets")[1]
JETS = 30  # in each file


class Jets(NamedTuple):
    """Constituents (n, k) of jets, zeros behind the last, and their class (n,), 0 to 4."""

    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    kind: np.ndarray

    @property
    def there(self) -> np.ndarray:
        return self.pt > 0

    @property
    def vectors(self) -> np.ndarray:
        """Massless E, px, py, pz, (n, k, 4)."""
        pt, eta, phi, _ = self
        parts = [pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)]
        return np.stack(parts, axis=-1)

    @property
    def jet_pt(self) -> np.ndarray:
        return np.hypot(*self.vectors[..., 1:3].sum(axis=1).T)

    def labels(self, classes: int) -> np.ndarray:
        return np.eye(classes)[self.kind]


def make_jets(most: int, seed: int = 0, events: int = JETS) -> Jets:
    """Jets of 400 to 700 GeV or so, of at most `most` constituents, hardest first."""
    rng = np.random.default_rng(seed)
    pt = -np.sort(-rng.exponential(1, (events, most)), axis=1)
    pt[np.arange(most) >= rng.integers(most // 2, most + 1, (events, 1))] = 0
    pt *= rng.uniform(400, 700, (events, 1)) / pt.sum(axis=1, keepdims=True)
    there = pt > 0
    eta = (rng.uniform(-1, 1, (events, 1)) + rng.normal(0, 0.2, pt.shape)) * there
    phi = (rng.uniform(-np.pi, np.pi, (events, 1)) + rng.normal(0, 0.2, pt.shape)) * there
    return Jets(pt, eta, phi, np.arange(events) % 5)


def beside(values: np.ndarray, *more: float) -> np.ndarray:
    """Columns with further ones of a constant each behind them."""
    return np.concatenate([values, *(np.full_like(values[..., :1], one) for one in more)], axis=-1)


def in_folder(name: str) -> Path:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    return Path(name)


def write_hdf5(name: str, **arrays: np.ndarray) -> None:
    with h5py.File(in_folder(name), "w") as file:
        for key, values in arrays.items():
            file.create_dataset(key, data=values, compression="gzip")


# By heading: write the files; yield (sample, what its jets are, and which of them are anomalous)

Expected = Iterator[tuple[str, Jets, np.ndarray | None]]


def chosen(jets: Jets, mask: np.ndarray) -> Jets:
    return Jets(*(values[mask] for values in jets))


def joined(*several: Jets) -> Jets:
    most = max(jets.pt.shape[1] for jets in several)
    padded = [
        [np.pad(values, [(0, 0), (0, most - values.shape[1])]) for values in jets[:3]]
        for jets in several
    ]
    whole = (np.concatenate(values) for values in zip(*padded, strict=True))
    return Jets(*whole, np.concatenate([jets.kind for jets in several]))


def top_tagging() -> Expected:
    made = {}
    for seed, name in enumerate(("train", "test")):
        made[name] = jets = make_jets(200, seed)
        columns = [f"{part}_{i}" for i in range(200) for part in ("E", "PX", "PY", "PZ")]
        table = pd.DataFrame(jets.vectors.astype(np.float32).reshape(JETS, -1), columns=columns)
        more = {f"truth{part}": 0.0 for part in ("E", "PX", "PY", "PZ")}
        more |= {"ttv": seed, "is_signal_new": (jets.kind > 2).astype(int)}
        table = pd.concat([table, pd.DataFrame(more, index=table.index)], axis="columns")
        table.to_hdf(f"{name}.h5", key="table", format="table")
    yield "normal", chosen(made["train"], made["train"].kind < 3), None
    yield "mixed", made["test"], made["test"].kind > 2


def jetnet() -> Expected:
    made = {}
    for seed, name in enumerate("gqt"):
        made[name] = jets = make_jets(30, seed)
        relative = [jets.eta, jets.phi, jets.pt / jets.jet_pt[:, None], jets.there]
        mass = np.where(jets.kind > 2, 172.0, 60.0)
        features = [jets.jet_pt, np.zeros(JETS), mass, jets.there.sum(1)]
        write_hdf5(
            f"{name}.hdf5",
            particle_features=np.stack(relative, axis=-1).astype(np.float32),
            jet_features=np.stack(features, axis=-1).astype(np.float32),
        )
        made[name] = jets._replace(pt=jets.pt / jets.jet_pt[:, None])
    yield "normal", joined(made["g"], made["q"]), None
    yield "tops", made["t"], np.ones(JETS, bool)
    yield "heavy", chosen(made["t"], made["t"].kind > 2), None


def energyflow() -> Expected:
    made = []
    for number, most in enumerate((139, 136, 148)):
        jets = make_jets(most, number)
        values = np.stack([jets.pt, jets.eta, jets.phi % (2 * np.pi) * jets.there], axis=-1)
        name = f"QG_jets_{number}.npz" if number else "QG_jets.npz"
        np.savez_compressed(name, X=beside(values, 211), y=(jets.kind < 3).astype(float))
        made.append(jets)
    yield "normal", chosen(normal := joined(*made[:2]), normal.kind < 3), None
    yield "mixed", made[2], made[2].kind > 2


def hls4ml() -> Expected:
    made = {}
    for seed, folder in enumerate(("train", "val")):
        several = [make_jets(150, 2 * seed + part) for part in (0, 1)]
        for part, jets in enumerate(several):
            vectors = np.roll(jets.vectors, -1, axis=-1)
            write_hdf5(
                f"{folder}/jetImage_7_150p_{part}0000_{part + 1}0000.h5",
                jetConstituentList=beside(vectors, *[0.5] * 12),
                jetImage=np.zeros((JETS, 100, 100)),
                jets=np.hstack([np.ones((JETS, 53)), jets.labels(5), np.zeros((JETS, 1))]),
                jetFeatureNames=np.array([b"j_ptfrac"] * 59),
            )
        made[folder] = joined(*several)
    yield "normal", chosen(made["train"], made["train"].kind == 1), None
    mixed = chosen(made["val"], made["val"].kind != 0)
    yield "mixed", mixed, mixed.kind > 1


def jetclass() -> Expected:
    names = [f"label_{n}" for n in ("QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq")]
    names += ["label_Tbqq", "label_Tbl"]
    made = {}
    for seed, (file, label) in enumerate(
        {
            "train_100M/ZJetsToNuNu_000": "label_QCD",
            "train_100M/ZJetsToNuNu_001": "label_QCD",
            "val_5M/ZJetsToNuNu_120": "label_QCD",
            "val_5M/TTBar_120": "label_Tbqq",
            "val_5M/TTBarLep_120": "label_Tbl",
        }.items()
    ):
        made[file] = jets = make_jets(60, seed)
        vectors = jets.vectors.astype(np.float32)
        lists = {
            f"part_{part}": awkward.Array([v[t] for v, t in zip(values, jets.there, strict=True)])
            for part, values in zip(
                ("energy", "px", "py", "pz"), np.moveaxis(vectors, -1, 0), strict=True
            )
        }
        flags = {name: np.full(JETS, name == label) for name in names}
        with uproot.recreate(in_folder(f"{file}.root")) as opened:
            opened["tree"] = lists | flags | {"jet_pt": jets.jet_pt.astype(np.float32)}
    normal = joined(*(made[f"train_100M/ZJetsToNuNu_00{n}"] for n in (0, 1)))
    yield "normal", chosen(normal, (normal.jet_pt >= 500) & (normal.jet_pt < 600)), None
    mixed = joined(*(made[f"val_5M/{name}_120"] for name in ("ZJetsToNuNu", "TTBar", "TTBarLep")))
    yield "mixed", mixed, np.arange(3 * JETS) >= JETS


def atlas() -> Expected:
    made = {}
    for seed, folder in enumerate(("train_nominal", "test_nominal")):
        several = [make_jets(200, 2 * seed + part) for part in (0, 1)]
        for part, jets in enumerate(several):
            mev = {"pt": jets.pt * 1e3, "E": jets.vectors[..., 0] * 1e3}
            write_hdf5(
                f"{folder}/{folder.split('_')[0]}_{part}.h5",
                **{
                    f"fjet_clus_{name}": values.astype(np.float32)
                    for name, values in ({"eta": jets.eta, "phi": jets.phi} | mev).items()
                },
                fjet_clus_taste=jets.there.astype(np.int32),
                fjet_pt=(jets.jet_pt * 1e3).astype(np.float32),
                labels=(jets.kind > 2).astype(np.int64),
                training_weights=np.ones(JETS),
            )
        made[folder] = joined(*several)
    yield "normal", chosen(made["train_nominal"], made["train_nominal"].kind < 3), None
    yield "mixed", made["test_nominal"], made["test_nominal"].kind > 2


def trigger() -> Expected:
    for seed, name in enumerate(("background_for_training", "hToTauTau_13TeV_PU20_filtered")):
        jets = make_jets(19, seed)
        values = np.stack([jets.pt, jets.eta, jets.phi], axis=-1)
        classes = np.repeat([1, 2, 3, 4], [1, 4, 4, 10]) * jets.there
        write_hdf5(
            f"{name}.h5",
            Particles=np.concatenate([values, classes[..., None]], axis=-1),
            Particles_Names=np.array([b"Pt", b"Eta", b"Phi", b"Class"]),
        )
        yield ("higgs", jets, np.ones(JETS, bool)) if seed else ("normal", jets, None)


def aspen() -> Expected:
    made = []
    for number in range(3):
        jets = make_jets(150, number)
        zeros, mass = np.zeros(JETS), np.where(jets.kind > 2, 90.0, 20.0)
        kinematics = np.stack([jets.jet_pt, zeros, zeros, mass], axis=-1)
        write_hdf5(
            f"RunG_batch{number}.h5",
            PFCands=beside(np.roll(jets.vectors, -1, axis=-1), *[0.1] * 4, 1, 211, 0.5),
            jet_kinematics=kinematics,
            event_info=np.zeros((JETS, 3)),
        )
        made.append(chosen(jets, (jets.jet_pt >= 500) & (jets.jet_pt < 600)))
    yield "normal", chosen(made[0], made[0].kind < 3), None
    yield "heavy", chosen(heavy := joined(*made[1:]), heavy.kind > 2), None


WRITERS: dict[str, Callable[[], Expected]] = {
    "Top tagging reference": top_tagging,
    "JetNet": jetnet,
    "EnergyFlow quark and gluon jets": energyflow,
    "hls4ml jets": hls4ml,
    "JetClass": jetclass,
    "ATLAS top tagging": atlas,
    "CMS trigger challenge 2021": trigger,
    "Aspen Open Jets": aspen,
}
IMAGES_OF_CMS = "CMS open data, quark and gluon images"
OLYMPICS = "LHC Olympics R&D"


def documented() -> dict[str, str]:
    """The YAML below each heading of the page."""
    return dict(re.findall(r"### (.+?)\n.*?```yaml\n(.*?)```", PAGE, re.S))


def completed(heading: str, smaller: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    """Samples and settings of images that the page says, checked as a user's own.

    Rows are counted in files that are so many times smaller.
    """
    config = merged(yaml.safe_load(documented()[heading]))
    for sample in (config["samples"]["normal"], *config["samples"]["tests"].values()):
        if "rows" in sample:
            sample["rows"] = [row // smaller for row in sample["rows"]]
    assert configuration.problems(config, SCHEMA) == []
    assert configuration.wrong_files(config["samples"], made="results/simulation") == []
    return configuration.with_files(config["samples"], "fetched"), config["images"]


def truth(test: dict[str, Any], images: Images) -> np.ndarray:
    """As the preparation reads it."""
    asked = configuration.truth_of(test)
    if "label" in asked:
        return np.full(len(images), asked["label"])
    opened, columns = (asked["file"], asked.get("key")), asked.get("column")
    if isinstance(columns, list):
        raws = [open_column(*opened, column) for column in columns]
        return read_one_hot(raws, images.raw.events)[images.rows]
    raw = open_column(*opened, columns)
    return read_truth(raw, images.raw.events, asked.get("anomalous"))[images.rows]


def test_every_layout_of_the_page_is_tested_and_short() -> None:
    assert documented().keys() == WRITERS.keys() | {IMAGES_OF_CMS, OLYMPICS}
    assert all(len(text.splitlines()) <= 15 for text in documented().values())


@pytest.mark.parametrize("heading", WRITERS)
def test_jets_and_labels_of_a_public_layout_are_those_that_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heading: str
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = list(WRITERS[heading]())
    samples, settings = completed(heading)
    assert [name for name, *_ in expected] == ["normal", *samples["tests"]]
    for name, jets, anomalous in expected:
        sample = samples["normal"] if name == "normal" else samples["tests"][name]
        images = Images(sample, settings)
        pieces = list(images.pieces())
        found = np.concatenate([piece.images.dense() for piece in pieces])
        wanted, features, _ = jet_images(jets.vectors, settings["size"], settings["half_width"])
        assert found.shape == wanted.shape
        # in single precision a constituent may fall on the other side of a pixel's edge
        close = np.isclose(found, wanted, atol=1e-5).all(axis=(1, 2, 3))
        assert close.mean() > 0.9
        pt = np.concatenate([piece.features["pt"] for piece in pieces])
        np.testing.assert_allclose(pt, features["pt"], rtol=1e-5)
        if anomalous is not None:
            np.testing.assert_array_equal(truth(sample, images), anomalous)


def test_jets_of_the_olympics_are_found_in_their_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jet_finding, "_fastjet", lambda _: None)
    monkeypatch.setattr(jet_finding, "_clustered", jets_of_events.toy)
    particles, label = jets_of_events.events(), jets_of_events.LABELS
    padded = np.zeros((len(particles), 700, 3))
    padded[:, : particles.shape[1]] = particles
    table = np.hstack([padded.reshape(len(particles), -1), label[:, None]])
    pd.DataFrame(table).to_hdf("events_anomalydetection_v2.h5", key="df")
    assert table.shape[1] == 2101
    samples, settings = completed(OLYMPICS, smaller=20_000)
    events = np.arange(len(particles))
    for sample, expected in (
        (samples["normal"], events[:25][~label[:25]]),
        (samples["tests"]["mixed"], events[25:55]),
    ):
        sample["cluster"]["min_pt"] = 0.0  # the schema's default, which Snakemake fills in
        jet_finding.find_jets(sample, settings, "found.h5")
        images = Images({"file": ["found.h5"], "cluster": sample["cluster"]}, settings)
        np.testing.assert_array_equal(images.origins.event, expected)
        found = np.concatenate([piece.features["pt"] for piece in images.pieces()])
        np.testing.assert_allclose(found, jets_of_events.PT[0], rtol=0.02)
    asked = samples["tests"]["mixed"]["truth"]
    raw = open_column(asked["file"], None, asked["column"])
    np.testing.assert_array_equal(read_truth(raw, len(events)), label)


def test_nested_lists_of_channels_are_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.random((2, 8, 3, 125, 125)).astype(np.float32)
    kind, pt = np.arange(8) % 2, np.linspace(80, 150, 8)
    for run, events in enumerate((36272, 47540)):
        table = {"X_jets": images[run].tolist(), "pt": pt, "m0": pt / 10, "y": kind.astype(float)}
        file = f"QCDToGGQQ_IMGjet_RH1all_jet0_run{run}_n{events}.test.snappy.parquet"
        pyarrow.parquet.write_table(pyarrow.table(table), file, row_group_size=1)
    samples, settings = completed(IMAGES_OF_CMS)
    for sample, mask in (
        (samples["normal"], kind == 1),
        (samples["tests"]["mixed"], pt >= 100),
    ):
        opened = Images(sample, settings)
        found = np.concatenate([piece.images.dense() for piece in opened.pieces()])
        run = int(sample is not samples["normal"])
        np.testing.assert_array_equal(found, images[run][mask])
        if run:
            np.testing.assert_array_equal(truth(sample, opened), kind[mask] == 0)


def test_the_images_of_hls4ml_jets_are_read_by_their_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    images = np.random.default_rng(0).random((JETS, 100, 100))
    write_hdf5("a.h5", jetImage=images, jets=np.ones((JETS, 59)))
    found = Images({"file": "a.h5", "key": "jetImage", "where": {"jets[-5]": 1}}, IMAGES)
    read = np.concatenate([piece.images.dense() for piece in found.pieces()])
    np.testing.assert_array_equal(read[:, 0], images.astype(np.float32))
