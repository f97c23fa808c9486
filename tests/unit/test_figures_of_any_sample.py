"""Figures of names with mathematics, of samples that are the same or small, of many channels."""

from pathlib import Path

import numpy as np
import pandas as pd
from conftest import jets
from matplotlib.figure import Figure

from oddjet.draw import image_figures, roc_figures, score_figures, style, tagger_figures

NAMES = [r"$\ttbar$", "a_b^$", "$", "_private", r"{\bf x} $5 & 10$"]


def texts(figure: Figure, tmp_path: Path) -> list[str]:
    """What a figure shows, once it could be saved."""
    style.save(figure, [tmp_path / "a.png", tmp_path / "a.pdf"])
    return [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    named = {style.plain(name) for name in NAMES}
    images = jets(2)[:, None]
    samples = {"normal": images} | dict.fromkeys(NAMES, images)
    assert named <= set(texts(image_figures.examples(samples, (16, 16)), tmp_path))
    means = {"normal": images.mean(0)} | dict.fromkeys(NAMES, 2 * images.mean(0))
    assert named <= set(texts(image_figures.means(means), tmp_path))
    scores = np.random.default_rng(0).random(50) + 0.1
    parts = dict.fromkeys(["normal_train", "normal_control", *NAMES], scores)
    for ranks in (False, True):
        figure = score_figures.histograms(parts, NAMES, 0.5, ranks)
        assert named <= set(texts(figure, tmp_path))
    told = pd.DataFrame({"test": NAMES, "feature": "mass", "auc": 0.6, "auc_low": 0.5})
    shown = set(texts(tagger_figures.features(told), tmp_path))
    assert {f"{name}, all jets" for name in named} <= shown
    curve = pd.DataFrame({"tpr": [0.5, 1.0], "fpr": [0.1, 1.0]})
    figure = roc_figures.rejection({"low": dict.fromkeys(NAMES, curve)}, 0.1)
    assert named <= set(texts(figure, tmp_path))


def test_a_test_that_is_the_normal_sample_has_a_mean(tmp_path: Path) -> None:
    mean = jets(6)[:, None].mean(0)
    texts(image_figures.means({"normal": mean, "same": mean}), tmp_path)
    texts(image_figures.means({"normal": 0 * mean, "same": 0 * mean}), tmp_path)


def test_samples_may_have_few_examples(tmp_path: Path) -> None:
    images = jets(6)[:, None]
    texts(image_figures.examples({"normal": images, "one": images[:1]}, (16, 16)), tmp_path)


def test_only_some_of_many_channels_are_drawn(tmp_path: Path) -> None:
    images = np.repeat(jets(1)[:, None], 16, axis=1)
    groups = dict.fromkeys(("low", "middle", "high"), (images, images, np.ones(1)))
    figure = image_figures.reconstructions(groups)
    assert len(figure.axes) == image_figures.CHANNELS * (2 * 3 + 1)  # and a scale for each
    assert "channel 0\ninput" in texts(figure, tmp_path)
