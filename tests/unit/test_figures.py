"""Figures: what they show, of jets of any number of channels, classes and latent numbers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from oddjet.common.parts import CONTROL
from oddjet.draw import class_figures, image_figures, score_figures, style, training_figures


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def of_channels(channels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two inputs and reconstructions (2, C, 8, 8), each channel a hundredth of the one before."""
    inputs = np.random.default_rng(1).random((2, channels, 8, 8))
    inputs *= 100.0 ** -np.arange(channels)[:, None, None]
    return inputs, inputs / 2, np.array([0.1, 0.2])


@pytest.mark.parametrize("channels", [1, 3])
def test_each_channel_is_reconstructed_in_rows_of_its_own(channels: int) -> None:
    inputs, outputs, errors = of_channels(channels)
    shown = image_figures.reconstructions({"low": (inputs, outputs, errors)})
    drawn = [axes.get_images()[0].get_array() for axes in shown.axes if axes.get_images()]
    assert len(drawn) == 2 * 2 * channels
    rows = zip(drawn[::2], drawn[1::2], strict=True)
    for number, (first, second) in enumerate(rows):
        channel, lower = divmod(number, 2)
        for found, image in zip((first, second), (outputs if lower else inputs), strict=True):
            lit = ~found.mask
            assert lit.any()  # on a scale of its own
            np.testing.assert_array_equal(found[lit], image[channel][lit])
    labels = [axes.get_ylabel() for axes in shown.axes if axes.get_ylabel() != "normalised pixel"]
    named = ["channel 0", "channel 1", "channel 2"] if channels == 3 else []
    assert [name for name in named if any(name in label for label in labels)] == named
    assert any("channel" in label for label in labels) == (channels > 1)


def test_a_dark_channel_is_drawn_dark() -> None:
    inputs, outputs, errors = of_channels(2)
    inputs[:, 1] = outputs[:, 1] = 0
    figure = image_figures.reconstructions({"low": (inputs, outputs, errors)})
    figure.draw_without_rendering()
    assert figure.axes[4].get_images()[0].get_array().mask.all()


def test_a_colour_bar_stands_where_one_of_all_axes_would_and_none_is_too_many() -> None:
    def placed(shape: tuple[int, int], corners: bool) -> np.ndarray:
        figure, grid = plt.subplots(*shape, figsize=(2 * shape[1] + 1, 2 * shape[0]), squeeze=False)
        for axes in grid.flat:
            drawn = axes.imshow(np.eye(4))
            axes.set(xticks=[], yticks=[])
        if corners:
            image_figures.colour_bar(figure, drawn, grid, "pixel")
        else:
            figure.colorbar(drawn, ax=grid, label="pixel", pad=0.01)
        figure.draw_without_rendering()
        return np.array([axes.get_window_extent().extents for axes in figure.axes])

    for shape in ((1, 1), (1, 3), (2, 4), (3, 1)):
        # layouts are found by iteration: to a pixel of 300 and more
        np.testing.assert_allclose(placed(shape, True), placed(shape, False), atol=1.5)


def test_a_figure_is_laid_out_as_if_its_frames_were_measured(tmp_path: Path) -> None:
    def placed(measured: bool) -> np.ndarray:
        figure, (left, right) = plt.subplots(1, 2, sharey=True)
        left.plot([1, 2], [1, 2])
        right.set(xlabel="score", xscale="log", xlim=(1e-3, 1), title="test")
        if measured:
            figure.draw_without_rendering()
        else:
            style.save(figure, [tmp_path / "figure.png"])
        return np.array([axes.get_position().extents for axes in figure.axes])

    np.testing.assert_array_equal(placed(False), placed(True))


def test_values_are_told_apart_by_their_labels_and_an_absent_class_is_left_out() -> None:
    found = class_figures.by_class(np.array([0, 1, 1, 0]), np.array([[1.0], [2.0], [3.0], [4.0]]))
    assert {name: values.ravel().tolist() for name, values in found.items()} == {
        "normal": [1, 4],
        "anomalous": [2, 3],
    }
    assert list(class_figures.by_class(np.array([1, 1]), np.zeros(2))) == ["anomalous"]


def test_the_mass_of_jets_in_gev_and_radians_is_in_gev() -> None:
    assert class_figures.units("GeV", "rad")["mass"] == "GeV"
    assert class_figures.units("pixel units", "pixels")["mass"] == r"pixel units $\times$ pixels"


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("scale", [0.0, 1.0, 3.7, 900.0])
@pytest.mark.parametrize("spread", [0.0, 1e-7, 0.2, 1.0])
def test_bins_hold_all_but_two_jets_in_a_thousand(whole: bool, scale: float, spread: float) -> None:
    values = scale * (1 + spread * np.random.default_rng(1).normal(size=4000))
    values = np.round(values) if whole else values
    edges = class_figures._edges([values[:1000], values[1000:]], whole)
    assert len(edges) <= class_figures.BINS + 5
    widths = np.diff(edges)
    np.testing.assert_allclose(widths, widths[0], rtol=1e-6)
    assert np.histogram(values, edges)[0].sum() >= 0.998 * len(values)
    if whole:  # as many whole numbers in each
        assert edges[0] % 1 == 0.5
        assert widths[0] % 1 == 0


def test_every_quantity_is_drawn_with_its_unit_by_class_and_of_the_control_jets() -> None:
    jets = {part: np.random.default_rng(1).random(50) for part in ("normal", "anomalous", CONTROL)}
    units = class_figures.units("GeV", "rad")
    figure = class_figures.quantities(dict.fromkeys(class_figures.QUANTITIES, jets), units)
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == ["$p_T$ [GeV]", "mass [GeV]", "lit pixels", "width [rad]"]
    for axes in figure.axes:
        assert set(axes.get_legend_handles_labels()[1]) == {"normal", "anomalous", "control"}


def history(*losses: float) -> pd.DataFrame:
    epochs = np.arange(1, len(losses) + 1)
    table = {"epoch": epochs, "train_loss": losses, "val_loss": losses}
    return pd.DataFrame(table | {"blank_loss": 2.0, "mean_loss": 1.5})


def test_the_best_epoch_is_marked_where_there_is_one(tmp_path: Path) -> None:
    nan = float("nan")
    histories = {1: history(3, nan, 2), 2: history(nan, nan)}
    figure = training_figures.learning_curves("S", "mse", histories)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [dot.get_xydata().tolist() for dot in dots] == [[[3, 2]]]
    style.save(figure, [tmp_path / "figure.png"])


@pytest.mark.parametrize(
    ("loss", "named"), [("mae", "mae"), ({"ssim": 0.5, "mse": 2}, "0.5 ssim + 2 mse")]
)
def test_learning_curves_say_which_loss_they_are_of(loss: str | dict, named: str) -> None:
    figure = training_figures.learning_curves("S", loss, {1: history(3, 2)})
    assert figure.axes[0].get_ylabel() == f"loss ({named}) of normalised pixels"


@pytest.mark.parametrize("components", [1, 2, 3])
def test_planes_show_every_jet_of_both_classes_whatever_the_latent_size(components: int) -> None:
    rng = np.random.default_rng(1)
    jets = {
        name: rng.normal(size=(n, components)) for name, n in (("normal", 30), ("anomalous", 9))
    }
    figure = class_figures.planes({f"seed {n}": ([0.5] * components, jets) for n in range(4)})
    shown = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in shown] == ["seed 0", "seed 1", "seed 2", "seed 3"]
    for axes in shown:
        points = axes.collections[0].get_offsets()
        every = np.concatenate(list(jets.values()))
        assert sorted(points[:, 0]) == sorted(every[:, 0])
        assert sorted(points[:, 1]) == sorted(every[:, 1] if components > 1 else np.zeros(39))


@pytest.mark.parametrize("entries", [2, 10])
def test_a_legend_is_no_wider_than_its_figure(entries: int) -> None:
    figure, axes = plt.subplots(figsize=(7, 4))
    for number in range(entries):
        axes.plot([0, 1], label=f"a test with a long name, {number}")
    style.legend_below(figure)
    (legend,) = figure.legends
    assert len(legend.get_texts()) == entries
    assert legend.get_window_extent().width <= figure.bbox.width


def test_a_small_test_leaves_the_scores_of_the_others_their_bins() -> None:
    rng = np.random.default_rng(0)
    assert len(score_figures.edges_of([rng.random(10), rng.random(5000)])) > 20
