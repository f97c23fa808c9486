"""Forty faults, of every kind and to every rule; any number: `python -m tests.faults`."""

from collections.abc import Iterator

import pytest
from conftest import WholeRun

from faults.campaign import Outcome, strike, tools_for
from faults.kinds import KINDS
from faults.scene import Tools

SEEDS = range(40)


@pytest.fixture(scope="module")
def tools(whole_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with tools_for(whole_run, tmp_path_factory.mktemp("struck")) as tools:
        yield tools


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return []


@pytest.mark.parametrize("seed", SEEDS)
def test_one_more_call_mends_what_a_fault_left_or_names_it(
    tools: Tools, outcomes: list[Outcome], seed: int
) -> None:
    outcome = strike(seed, tools)
    outcomes.append(outcome)
    assert outcome.result != "wrong", outcome
    if outcome.result == "impossible":
        pytest.skip(outcome.said)


def test_every_rule_was_struck_and_every_kind_of_fault(
    tools: Tools, outcomes: list[Outcome]
) -> None:
    assert {outcome.job.rule for outcome in outcomes} == set(tools.undisturbed.rules)
    assert {outcome.kind for outcome in outcomes} >= set(KINDS)
