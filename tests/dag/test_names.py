"""Names of samples and models: every printable character that the schema lets through."""

import html
import re
import string
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from conftest import SCHEMA, TINY, run_workflow

from oddjet.common import tables
from oddjet.draw import style
from oddjet.planning import configuration
from oddjet.summarise import page

# all of ASCII, and some that are composed, wide, from right to left, or beyond 16 bits
PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " éß漢א\u00a0😀e\u0301"
PATTERN = SCHEMA["$defs"]["name"]["pattern"]
LET_THROUGH = [character for character in PRINTABLE if re.match(PATTERN, f"a{character}a")]
NAMES = [f"a{character}a" for character in LET_THROUGH] + [
    character for character in LET_THROUGH if re.match(PATTERN, character)
]


def test_a_name_may_have_any_printable_character_but_those_that_are_named() -> None:
    assert set(PRINTABLE) - set(LET_THROUGH) == set("/{}<>")


@pytest.mark.parametrize("character", ["\0", "\t", "\n", "\r", "\x1b", "\x7f"])
def test_a_name_with_a_control_character_is_refused(
    character: str, tiny_config: dict[str, Any]
) -> None:
    tiny_config["models"] = {f"a{character}b": {"latent": 2}}
    problems = configuration.problems(tiny_config, SCHEMA)
    assert any("control character" in problem for problem in problems)


def test_names_are_the_same_in_tables_and_hdf5_files(tmp_path: Path) -> None:
    tables.write(pd.DataFrame({"model": NAMES, "test": NAMES[::-1]}), tmp_path / "a.csv")
    read = tables.read(tmp_path / "a.csv")
    assert read.model.tolist() == NAMES
    assert read.test.tolist() == NAMES[::-1]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in set(NAMES):
            file[f"{name}/event"] = [1]
        assert set(file) == set(NAMES)


def test_names_on_the_page_are_text_and_no_markup() -> None:
    shown = page.html_table(pd.DataFrame({"model": NAMES}))
    cells = [html.unescape(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", shown, re.DOTALL)]
    assert [cell.strip() for cell in cells] == [name.strip() for name in NAMES]


@pytest.mark.filterwarnings("ignore:Glyph")  # the font has no sign for it, and draws a box
def test_figures_can_be_titled_and_labelled_with_any_name(tmp_path: Path) -> None:
    figure, axes = plt.subplots()
    for name in NAMES:
        axes.plot([0, 1], label=style.plain(name))
    axes.set_title(style.plain("".join(LET_THROUGH)))
    axes.legend(fontsize=4, ncols=8)
    figure.set_layout_engine("none")
    style.save(figure, [tmp_path / "a.png", tmp_path / "a.pdf"])
    assert (tmp_path / "a.pdf").stat().st_size > 0


def test_the_workflow_plans_a_run_with_all_these_characters(tiny_samples: Path) -> None:
    config = deepcopy(TINY)
    half = len(LET_THROUGH) // 2  # a file name has at most 255 bytes
    first, second = ("a" + "".join(some) for some in (LET_THROUGH[:half], LET_THROUGH[half:]))
    config["samples"]["tests"] = dict(
        zip((first, second), config["samples"]["tests"].values(), strict=True)
    )
    config["models"] = {first: {"latent": 2}, second: {"latent": 3}}
    done = run_workflow("-n", config=config, directory=tiny_samples)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (first, second):
        assert f"results/prepared/shared/tests/{name}.h5" in done.stdout + done.stderr
        assert f"results/{name}/seed1/scores.h5" in done.stdout + done.stderr
