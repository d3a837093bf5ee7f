"""What an agent is made of is looked at where it is written and before a worker takes anything up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.agents.agent import Agent, Fallback, Limits
from remit.domain.errors import BadWorkspace, RemitError
from remit.testing import stage
from tests.agents.conftest import World


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"tools": ["look", "look"]}, 'has "look" more than once among its tools'),
        (
            {"tools": ["helper"], "delegates": [Agent("helper", prompt="Help.")]},
            'has "helper" more than once',
        ),
        ({"delegates": [7]}, "has 7 among its delegates, which is none"),
        ({"tools": [7]}, "has 7 among its tools, which is none"),
        ({"temperature": float("nan")}, "temperature=nan; it is a number from 0 to 2"),
        ({"temperature": -1}, "temperature=-1; it is a number from 0 to 2"),
    ],
)
def test_an_agent_that_no_ask_could_work_with_is_refused_where_it_is_written(
    parts: dict[str, Any], why: str
) -> None:
    with pytest.raises(RemitError) as refused:
        Agent("triage", prompt="Triage.", **parts)
    assert why in refused.value.message


def test_limits_are_numbers_that_limit_something() -> None:
    wrong: list[dict[str, Any]] = [
        {"steps": 0}, {"calls_per_turn": -1}, {"parallel": 1.5}, {"repairs": -1}, {"repeats": True},
    ]  # fmt: skip
    for limits in wrong:
        with pytest.raises(RemitError, match="it is a whole number of at least"):
            Limits(**limits)
    assert Limits(repairs=0).repairs == 0
    thresholds: list[Any] = [-0.1, 1.1, float("nan"), "half"]
    for threshold in thresholds:
        with pytest.raises(RemitError, match="it is a number from 0 to 1"):
            Fallback(threshold)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"tools": ["get_tickte"]}, 'it has the tool "get_tickte", which this workspace does not have'),
        ({"route": "fats"}, 'there is no route "fats" (nearest: "fast")'),
        ({"prompt": "prompts/none.md"}, "the prompt of triage is not there: prompts/none.md"),
        ({"prompt": "../secret.md"}, "the prompt of triage lies outside of the workspace: ../secret.md"),
        ({"output": dict[int, Path]}, "an agent cannot answer with"),
    ],
)
@pytest.mark.parametrize("below", [False, True], ids=["itself", "as a delegate"])
async def test_no_worker_starts_with_an_agent_that_cannot_be_asked(
    parts: dict[str, Any], why: str, below: bool, world: World, tmp_path: Path
) -> None:
    described: dict[str, Any] = {"prompt": "Triage.", **parts}
    triage = Agent("triage", **described)
    agents = (
        [Agent("head", prompt="Head.", tools=[world.get_ticket], delegates=[triage])] if below else [triage]
    )
    with pytest.raises(BadWorkspace) as refused:
        async with stage(workspace=tmp_path, agents=agents):
            raise AssertionError("it started")
    assert why in refused.value.message
    assert refused.value.message.partition(":")[0].endswith("test_checking.py")
    assert "agent triage: " in refused.value.message
    assert "remit check" in refused.value.hint
