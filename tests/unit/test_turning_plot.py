"""The turning plot of latents on the page."""

import json
import re
from itertools import cycle

import numpy as np

from oddjet.summarise.page import turning_plot


def test_every_sample_is_shown_however_many_there_are_and_whatever_they_are_called() -> None:
    names = ["control", *(f"test {number}" for number in range(10)), "control"]
    parts = [(name, np.ones((3, 2))) for name in names]
    found = str(turning_plot(parts, cycle(["red", "blue"]), "latent", with_plotly=False))
    shown = [json.loads(text) for text in re.findall(r'"name":("[^"]*")', found)]
    assert shown == names
