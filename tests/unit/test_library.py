"""The package as a library, as the README shows it."""

import re

import numpy as np
import pytest
from conftest import REPO


def test_the_example_of_the_readme_runs_and_finds_the_fractions_that_it_mixes(
    capsys: pytest.CaptureFixture,
) -> None:
    section = (REPO / "README.md").read_text("utf-8").split("## As a library")[1]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    assert len(code.strip().splitlines()) <= 11
    found: dict = {}
    exec(code, found)
    errors = np.sqrt(np.diag(found["covariance"]))
    # five standard deviations: the draw is fixed, and one that is off by more is a fault
    np.testing.assert_array_less(abs(found["fractions"] - [0.2, 0.5]), 5 * errors)
    assert "Cut(threshold=" in capsys.readouterr().out
