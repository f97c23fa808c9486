"""The input files of the studies hold what the configurations behind them say."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import REPO

from oddjet.simulate import events

SHIPPED = REPO / "resources" / "studies"


def processes(study: str) -> dict[str, int]:
    path = Path("config", "studies", "inputs", f"{study}.yaml")
    return yaml.safe_load((REPO / path).read_text("utf-8"))["simulation"]["processes"]


def test_top_tagging_has_its_jets_with_momenta_in_the_window() -> None:
    table = pd.read_hdf(SHIPPED / "top_tagging.h5", "table")
    wanted = processes("top_tagging")
    counts = table["is_signal_new"].value_counts()
    assert counts.to_dict() == {0: wanted["qcd"], 1: wanted["top"]}
    momenta = table.iloc[:, :800].to_numpy(np.float64).reshape(-1, 200, 4).sum(1)
    pt, mass = np.hypot(*momenta.T[1:3]), np.sqrt(momenta[:, 0] ** 2 - (momenta[:, 1:] ** 2).sum(1))
    assert 549.9 < pt.min() < pt.max() < 650.1
    assert 160 < np.median(mass[table["is_signal_new"] == 1]) < 200


@pytest.mark.parametrize("process", processes("zero_bias"))
def test_zero_bias_and_its_signals_have_their_events_with_objects_in_their_cells(
    process: str,
) -> None:
    with h5py.File(SHIPPED / f"{process}.h5") as file:
        images = file["event_image_data"][:]
    assert images.shape == (processes("zero_bias")[process], 16, 16, 5)
    assert 1 < np.count_nonzero(images[..., 4], axis=(1, 2)).mean() < 40
    for image in images[:50]:
        np.testing.assert_array_equal(events.event_image(image[image[..., 4] > 0]), image)


def test_quark_gluon_has_its_jets_and_all_three_channels() -> None:
    wanted = processes("quark_gluon")
    with h5py.File(SHIPPED / "quark_gluon.h5") as file:
        labels, images = file["y"][:], file["X_jets"]
        assert images.shape == (len(labels), 125, 125, 3)
        first, pt = images[:50], file["pt"][:50]
    assert np.bincount(labels).tolist() == [wanted["gluon"], wanted["quark"]]
    sums = first.sum((1, 2), dtype=float)
    assert (sums[:, :2] > 0).all()
    # both calorimeters together see the jet, but for muons and what lies outside the window
    assert 0.9 < np.median(sums[:, :2].sum(1) / pt) < 1.1
    assert 0.4 < np.median(sums[:, 2] / pt) < 0.8
