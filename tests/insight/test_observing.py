"""What is read of what happened: runs by everything that they have in common, a trace page by page, nothing that acted
without one; and a run that a person cannot read any more is still told by its shape.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from remit import Agent, Run, flow, tool
from remit.control.observing.views import Wanted
from remit.domain.errors import InvalidInput, RunFailed, UnknownRun
from remit.domain.events import StepDone, StepFailed
from remit.engine.outside import run_stream
from remit.models.simulation.lines import Line
from remit.models.simulation.lines import Wanted as Call
from remit.testing import stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.insight.histories import CLERK, CRITIC, child, history, live, talk

if TYPE_CHECKING:
    from remit.control.observing.desk import ObservingDesk
    from remit.models.simulation.scene import Scene
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
ACTED: list[str] = []
_BESIDE = 2
"""Events that a platform writes by itself meanwhile."""


@tool(effect="read")
async def act(what: str) -> str:
    """Act, and take note of it."""
    ACTED.append(what)
    return what


BOLD = Agent("bold", prompt="You act.", tools=[act])


@flow
async def wide(run: Run, many: int) -> int:
    """Many steps at once, and in a row."""
    for _ in range(3):
        await run.gather(*(run.call(act, what="w") for _ in range(many)))
    return many


@flow
async def bare(run: Run) -> str:
    """Act in every way that there is."""
    await run.call(act, what="call")
    await run.ask(BOLD, "go")
    await run.gather(run.call(act, what="branch"), run.ask(BOLD, "go"))
    return await act("direct")


async def _told(on: Stage) -> ObservingDesk:
    await on.platform.parts.projector.catch_up()
    return on.platform.observing


async def test_runs_are_found_by_what_they_have_in_common(place: Place) -> None:
    async with stage(
        history, child, workspace=place.folder, database=place.database, agents=[CLERK, CRITIC]
    ) as on:
        on.platform.simulate(talk)
        plans: Any = [
            ([("ask", "writes"), ("human", "approve")], ["undo"], ""),
            ([("ask", "loops"), ("own", "fails")], [], ""),
            ([("spawn", "reads")], [], ""),
        ]
        runs = await live(on, plans)
        desk = await _told(on)

        async def found(**wanted: Any) -> set[str]:
            return {each.id for each in (await desk.traces(Wanted(**wanted))).traces}

        everything = await desk.traces(Wanted())
        assert everything.behind.events <= _BESIDE
        assert [each.started for each in everything.traces] == sorted(
            (each.started for each in everything.traces), reverse=True
        )
        failed = next(each for each in everything.traces if each.id == runs[1])
        spawned = next(each for each in everything.traces if each.parent == runs[2])
        assert await found(flow="history") == set(runs)
        assert await found(flow="history", status="failed") == {runs[1]} == await found(loops=1)
        assert await found(signature=failed.signature) == {runs[1]} == await found(failure="tool")
        assert failed.suspect == "own"
        assert await found(parent=runs[2]) == {spawned.id} == await found(sort="child")
        assert await found(asks=1, agent="clerk") == {runs[0]}
        assert await found(model=failed.model, sort="task") == set(runs[:2])
        assert await found(status="failed", agent="nobody") == set()
        wrote = await desk.trace(runs[0])
        assert (wrote.trace.writes, wrote.trace.undone, wrote.trace.human > 0) == (1, 1, True)
        assert [(each.tool, each.state) for each in wrote.effects] == [("set_note", "done")]
        assert [(each.span, each.decision, each.by) for each in wrote.decisions] == [
            ("human", "approved", "owner")
        ]
        noted = next(each for each in wrote.spans if each.name == "set_note")
        assert (noted.decision, noted.integrity, noted.source) == ("allow", "U", "python")
        assert (await desk.trace(wrote.effects[0].undone_by)).trace.sort == "house"
        facets = await desk.facets(Wanted(flow="history"))
        assert (facets.counted, facets.capped) == (3, False)
        assert {each.value: each.count for each in facets.facets["status"]} == {"succeeded": 2, "failed": 1}


async def test_a_list_and_a_trace_come_page_by_page_and_nothing_twice(place: Place) -> None:
    async with stage(wide, workspace=place.folder, database=place.database) as on:
        for _ in range(5):
            await (await on.start(wide, many=40)).result()
        desk = await _told(on)
        listed: list[str] = []
        after = ""
        while page := await desk.traces(Wanted(flow="wide"), after=after, limit=2):
            listed += [each.id for each in page.traces]
            after = page.next
            if not after:
                break
        assert len(listed) == len(set(listed)) == 5
        view = await desk.trace(listed[0], limit=50)
        assert len(view.spans) == 50
        assert view.more
        assert view.trace.tool_calls == 120 == view.trace.loops + 119
        top = [each.id for each in view.spans if not each.depth]
        assert top == ["gather", "gather#2", "gather#3"]
        branches: list[str] = []
        while True:
            part = await desk.spans(listed[0], "gather#2", after=after, limit=15)
            branches += [each.id for each in part.spans]
            assert all(each.more and each.parent == "gather#2" for each in part.spans)
            after = part.next
            if not after:
                break
        assert sorted(branches) == sorted(f"gather#2/{n}" for n in range(40))
        assert (await desk.span(listed[0], "gather/7/act")).kind == "tool"
        with pytest.raises(UnknownRun):
            await desk.spans("r-nobody")
        with pytest.raises(InvalidInput):
            await desk.spans(listed[0], after="no place")


async def test_nothing_acts_without_a_trace() -> None:
    """Every effect of a tool and every answer of a model has its span; what tries to act beside the gate does not."""
    ACTED.clear()
    async with stage(bare, agents=[BOLD]) as on:
        on.platform.simulate(_acts_once)
        run = await on.start(bare)
        with pytest.raises(RunFailed):
            await run.result()  # a tool that is called past the gate refuses
        desk = await _told(on)
        view = await desk.trace(run.id, limit=1000)
        entries, _ = await on.platform.ground.log.read(run_stream(run.id))
        done = [e.path for e in entries if isinstance(e.event, StepDone | StepFailed)]
        assert {each.id for each in view.spans if each.kind in {"tool", "model", "step"}} == set(done)
        tools = [each for each in view.spans if each.kind == "tool" and each.status == "ok"]
        assert len(tools) == len(ACTED) == 4
        assert view.trace.complete == 1_000_000
        assert not view.missing
        assert view.trace.model_calls == sum(path.rpartition("/")[2].startswith("model") for path in done)


def _acts_once(scene: Scene) -> Line | str:
    return Line(calls=(Call("act", {"what": "asked"}),)) if scene.turn == 0 else "done"


async def test_what_trails_says_so_and_a_second_process_leaves_the_log_to_the_first() -> None:
    async with stage(wide) as on:
        await on.platform.parts.projector.stop()
        await (await on.start(wide, many=1)).result()
        behind = await on.platform.observing.lag()
        assert behind.events > 5 > _BESIDE
        assert (await on.platform.observing.traces(Wanted())).behind.events >= behind.events
        assert any(each.name == "observer" and each.state == "ok" for each in await on.platform.doctor())
        await asyncio.gather(*(on.platform.parts.projector.catch_up() for _ in range(3)))
        assert (await on.platform.observing.lag()).events <= _BESIDE
        lived = (await on.platform.observing.traces(Wanted())).traces
        assert (await on.platform.observing.rebuild()).events <= _BESIDE
        assert (await on.platform.observing.traces(Wanted())).traces == lived
