"""A halt holds back what is remembered as it does calls of tools: from when it is in the log on (S20)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.domain.events import StepDone
from remit.engine.carrying import Carriage
from remit.engine.flow import flow
from remit.gate.memory.access import MemoryAccess
from remit.testing.scripting import Script
from tests.engine.places import Place, events, parked
from tests.gate.desk import desk


@flow
async def remembers(run: Any, key: str) -> str:
    """Keep something."""
    await run.remember(key, "mallory", scope="team")
    return "kept"


async def test_s20_a_halt_between_admission_and_write_keeps_memory_as_it_was(
    script: Script, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has heard nothing of the halt; the log refuses the write, and then it knows."""
    async with desk(place.folder, script, remembers, database=place.database) as stage:
        board = stage.platform._parts.house.gate.parts.halts
        looks, settle, refused = board.look, Carriage._settle, asyncio.Event()

        async def look() -> None:
            if refused.is_set():
                await looks()
            else:
                board._seen = board._clock.boot()

        async def settled(carriage: Carriage, execution: Any, outcome: Any) -> Any:
            if outcome.kind == "lost":
                assert "halts.still" in str(outcome.error)
                refused.set()
            return await settle(carriage, execution, outcome)

        monkeypatch.setattr(board, "look", look)
        monkeypatch.setattr(Carriage, "_settle", settled)
        async with place.stage(worker=False) as other:
            await other.platform.halt("team", "default", reason="poisoned")
        run = await stage.start(remembers, key="account")
        async with asyncio.timeout(20):
            await refused.wait()
        await parked(run, "halted")
        assert await stage.platform.memories("team") == []
        assert await events(stage, run.id, StepDone) == []
        await stage.platform.lift("team:default")
        assert await run.result() == "kept"
        assert [each.key for each in await stage.platform.memories("team")] == ["account"]


async def test_s20_a_halt_of_its_own_team_in_the_very_moment_of_the_write_counts(
    script: Script, on_sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the process has heard of it: what was let pass before the halt is let pass anew after it."""
    async with desk(on_sqlite.folder, script, remembers) as stage:
        parts = stage.platform._parts.house.gate.parts
        pending = [True]
        put = MemoryAccess.put

        async def late(self: MemoryAccess, *given: Any) -> None:
            await put(self, *given)
            if pending:
                pending.clear()
                async with on_sqlite.stage(worker=False) as other:
                    await other.platform.halt("team", "default")
                flights, parts.halts.flights = parts.halts.flights, set()  # it is past the point of a cancel
                await parts.halts.look()
                parts.halts.flights = flights

        monkeypatch.setattr(MemoryAccess, "put", late)
        run = await stage.start(remembers, key="account")
        await parked(run, "halted")
        assert await stage.platform.memories("team") == []
        await stage.platform.lift("team:default")
        assert await run.result() == "kept"
