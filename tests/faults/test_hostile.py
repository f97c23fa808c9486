"""A hundred damaged or harmful files of each kind; more: `python -m tests.faults.hostile`."""

from pathlib import Path

import pytest

from faults.hostile import KINDS, try_configurations, try_format

COUNT = 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_file_is_read_or_refused_with_a_hint_and_runs_nothing(
    kind: str, tmp_path: Path
) -> None:
    tally = try_format(kind, COUNT, number=1, folder=tmp_path)
    assert tally.outcomes["refused"] > COUNT / 3


def test_a_hostile_configuration_is_refused_in_words_and_runs_nothing(tmp_path: Path) -> None:
    tally = try_configurations(COUNT, number=1, folder=tmp_path)
    assert tally.outcomes["refused"] > COUNT / 4
