"""What follows the log holds no content, comes after the runs, and is stopped by no event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from remit import Agent, Run, flow, tool
from remit.domain.errors import RunFailed
from remit.insight.projector import Projector, reflects, rest
from remit.insight.reading import Reading
from remit.insight.tracing.traces import Traces
from remit.models.simulation.lines import Line, Wanted
from remit.store.database import Commit, Op
from remit.testing import stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.engine.places import parked
from tests.insight.histories import tables_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.projection import Happened, Tables
    from remit.models.simulation.scene import Scene
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
CANARY = "xylographer"


@tool(effect="write")
async def keep(text: str, *, idempotency_key: str) -> str:
    """Keep a text."""
    return f"{text} {idempotency_key[:2]}"


SCRIBE = Agent("scribe", prompt=f"You know of the {CANARY}.", tools=[keep])


@flow
async def telling(run: Run, text: str) -> str:
    """Say a word wherever something can be said."""
    await run.ask(SCRIBE, text)
    await run.human("owners", {"text": text})
    raise ValueError(text)


def _talk(scene: Scene) -> Line | str:
    return Line(calls=(Wanted("keep", {"text": CANARY}),)) if scene.turn == 0 else f"the {CANARY} said so"


async def test_s07_what_is_told_of_the_log_holds_no_content(place: Place) -> None:
    async with stage(telling, workspace=place.folder, database=place.database, agents=[SCRIBE]) as on:
        on.platform.simulate(_talk)
        run = await on.start(telling, text=CANARY)
        await parked(run, "human")
        await run.approve({"text": CANARY}, comment=CANARY)
        with pytest.raises(RunFailed, match=CANARY):
            await run.result()
        await on.platform.parts.observation.projector.catch_up()
        told = await tables_of(on.platform)
        assert [row for row in told["traces"] if run.id in row]
        for table, rows in told.items():
            assert CANARY not in repr(rows).lower(), table


class _Bursts(Traces):
    """Makes of one event what no database can hold."""

    name = "bursts"

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        return [Op("insight.put_trace_keys", ("k", 2**70)) for each in batch if each.kind == "agent.asked"]


class _Stumbles(Traces):
    """Cannot read one kind of event."""

    name = "stumbles"

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        if any(each.kind == "agent.asked" for each in batch):
            raise KeyError("agent")
        return []

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:
        raise KeyError(run)


async def test_an_event_that_one_cannot_read_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with stage(telling, agents=[SCRIBE]) as on:
        on.platform.simulate(_talk)
        run = await on.start(telling, text=CANARY)
        await parked(run, "human")
        await on.platform.parts.observation.stop()
        ground = on.platform.ground
        lived: dict[str, list[Any]] = {}
        small = 3  # so that the next batch is told already when it turns out that this one cannot be written
        for others, batch in (
            ((), 100),
            ((_Stumbles,), 100),
            ((_Bursts,), 100),
            ((_Stumbles,), small),
            ((_Bursts,), small),
        ):
            reading = Reading(ground.database, ground.keys)
            told = (*(each(reading, "dev") for each in others), Traces(reading, "dev"))
            projector = Projector(ground.database, reading, ground.clock, told, batch)
            await projector.rebuild()
            found = await tables_of(on.platform)
            lived = lived or found
            assert len(found["spans"]) == len(lived["spans"]) > 0
            assert found["spans"] == lived["spans"] or others == (_Bursts,)
        assert "stumbles cannot take in event" in caplog.text
        assert "bursts cannot take in event" in caplog.text
        assert CANARY not in caplog.text


async def test_s05_who_follows_a_log_that_grows_comes_to_its_end(place: Place) -> None:
    """It looks up, between batches, whether others are at work; on both databases, and it never waits for good."""
    async with stage(telling, workspace=place.folder, database=place.database, agents=[SCRIBE]) as on:
        on.platform.simulate(_talk)
        await on.platform.parts.observation.stop()
        run = await on.start(telling, text="a")
        await parked(run, "human")
        ground = on.platform.ground
        reading = Reading(ground.database, ground.keys)
        projector = Projector(ground.database, reading, ground.clock, (Traces(reading, "dev"),), 1)
        await ground.database.submit(Commit(ops=[Op("projections.reset", ("insight",))]))
        projector.start()
        pos = (await ground.database.fetch("insight.pace", 0, 0))[0][0]
        assert await reflects(ground.database, pos, 60)
        await projector.stop()


@pytest.mark.parametrize(
    ("grown", "age", "rested"),
    [(5000.0, 1.0, 0.2), (5000.0, 16.0, 0.0), (10.0, 1.0, 0.0), (5000.0, 0.0, 0.2)],
)
def test_whoever_acts_comes_first_until_what_is_shown_is_much_too_old(
    grown: float, age: float, rested: float
) -> None:
    assert rest(grown, age, 0.01) == rested
    assert rest(grown, age, 10.0) <= 0.5
