"""Of runs with a planted fault, the agent and the step that are named are those where it was put; a run in which
nothing went wrong has no fault.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from remit.cli.reasons import why_lines
from remit.control.evaluating.views import Wish
from remit.domain.errors import RemitError
from remit.engine.outside import run_stream
from remit.quality.attribution.episode import episode_of
from remit.quality.attribution.fault import Fault, fault_of
from remit.quality.suite import Suite
from remit.quality.verdicts import Rule
from remit.testing import Stage, stage
from remit.testing.pytest_plugin import script
from remit.testing.scripting import Script
from tests.attribution.planted import AGENTS, CASES, HELD, POLICY, Case, desk, good
from tests.evaluating import desk as tickets
from tests.gate.desk import write_policy

__all__ = ["script"]

LEAST = {"planted": (0.95, 0.95), "held out": (0.8, 0.75)}
"""So many agents and so many steps have to be named rightly: of the faults that weights were set by, and of others."""


async def lived(on: Stage, case: Case) -> Fault | None:
    """Whose fault it is said to be."""
    script = Script()
    case.script(script)
    on.platform.simulate(script.play)
    run = await on.start(desk, asked=case.asked, led=case.led)
    with suppress(RemitError):
        await run.result()
    entries, _ = await on.platform.ground.log.read(run_stream(run.id))
    found = fault_of(episode_of(run.id, entries), case.gold)
    for sign in found.evidence if found is not None else ():
        assert all(int(each.partition("#")[2]) <= entries[-1].seq for each in sign.events)
    return found


async def test_the_agent_and_the_step_at_fault_are_those_where_it_was_planted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(tmp_path, POLICY)
    assert len(CASES) >= 20
    told: list[str] = []
    async with stage(desk, workspace=tmp_path, agents=AGENTS) as on:
        for name, cases in (("planted", CASES), ("held out", HELD)):
            agents, steps = await _missed(on, cases)
            n = len(cases)
            told.append(f"{name}: agent {n - len(agents)} of {n}, step {n - len(steps)} of {n}")
            assert (1 - len(agents) / n, 1 - len(steps) / n) >= LEAST[name], (told, agents, steps)
            assert 1 - len(steps) / n >= LEAST[name][1], (told, steps)
    capsys.readouterr()
    sys.stdout.write("\n".join(told))


async def _missed(on: Stage, cases: list[Case]) -> tuple[list[str], list[str]]:
    """Those of which another agent, and those of which another step was named."""
    agents: list[str] = []
    steps: list[str] = []
    for case in cases:
        found = await lived(on, case)
        told = (
            f"{case.what}: {found.agent} at {found.step} ({found.kind}, {found.confidence})"
            if found
            else case.what
        )
        if found is None or found.agent != case.agent:
            agents.append(told)
        if found is None or found.step not in {case.step, *case.others}:
            steps.append(told)
    return agents, steps


async def test_why_names_the_agent_at_fault_with_its_events_and_nobody_where_nothing_is_wrong(
    tmp_path: Path,
) -> None:
    write_policy(tmp_path, POLICY)
    async with stage(desk, workspace=tmp_path, agents=AGENTS) as on:
        case = next(each for each in CASES if each.what == "another amount than was read")
        script = Script()
        case.script(script)
        on.platform.simulate(script.play)
        run = await on.start(desk, asked=case.asked)
        with suppress(RemitError):
            await run.result()
        found = await on.platform.searching.why(run.id)
        assert found.fault is not None
        assert (found.fault.agent, found.fault.step) == ("finder", "finder/model#2")
        (line,) = [each for each in found.lines if each.about == "fault"]
        assert line.text.startswith(
            "finder, at finder/model#2: finder says amount 420 of o-17, and look had said 240"
        )
        assert line.events == found.fault.evidence[0].events
        assert len(found.lines) <= 10
        assert [each.about for each in found.lines].index("next") == len(found.lines) - 1
        assert "fault" in "\n".join(map(str, why_lines(found)))
        script = Script()
        good(script)
        on.platform.simulate(script.play)
        run = await on.start(desk, asked="refund ana")
        assert await run.result() == "all right"
        found = await on.platform.searching.why(run.id)
        assert (found.fault, [each.about for each in found.lines if each.about == "fault"]) == (None, [])


async def test_a_go_that_is_not_as_its_gold_goes_back_to_whoever_brought_the_wrong_value_in(
    tmp_path: Path, script: Script
) -> None:
    script(tickets.triage).calls("get_ticket", id=4).calls("set_status", id=4, status="lost").says("Solved.")
    asked = replace(tickets.scenario(4), input={"question": "Ticket 4?"})
    suite = Suite("talks", "triage", (asked,), margins={"success": Rule(0.35)})
    async with stage(tickets.handle, agents=[tickets.triage], script=script, workspace=tmp_path) as on:
        made = await on.platform.evaluating.run(suite, Wish())
        ((go,),) = await on.platform.ground.database.fetch("runs.like", f"{made.id}.%")
        found = await on.platform.searching.why(go)
        assert found.status == "succeeded"
        assert found.fault is not None
        assert (found.fault.agent, found.fault.kind) == ("triage", "gold")
        assert "set_status with status lost" in found.fault.evidence[0].text
