"""A run is explained in ten lines at most, each with its events, and the step that is suspected is the one in which
the fault was planted. It needs nothing but the log.
"""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from remit.domain.errors import RemitError
from remit.testing import stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.gate.desk import write_policy
from tests.insight.why.planted import AGENTS, FAULTS, POLICY, Planted, child, planted, talk

if TYPE_CHECKING:
    from remit.control.searching.explaining import Explanation
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
LEAST = 0.97
"""Of the planted faults so many have to be suspected where they are."""


async def test_the_first_cause_is_suspected_where_it_was_planted(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(place.folder, POLICY)
    assert len(FAULTS) >= 30
    faults = FAULTS if place.dialect == "sqlite" else FAULTS[::6]  # what is read is the log, the same on both
    missed: list[str] = []
    async with stage(planted, child, workspace=place.folder, database=place.database, agents=AGENTS) as on:
        on.platform.simulate(talk)
        for fault in faults:
            found = await _lived(on, fault)
            await _holds_together(on, found)
            if (found.suspect, found.cause, found.status) != (fault.suspect, fault.cause, fault.status):
                missed.append(f"{fault.what}: {found.cause} {found.suspect} of a run that {found.status}")
    told = f"first cause suspected in {len(faults) - len(missed)} of {len(faults)} planted faults"
    capsys.readouterr()
    sys.stdout.write(f"{told}\n")
    assert len(missed) <= len(faults) * (1 - LEAST), missed


async def _lived(on: Stage, fault: Planted) -> Explanation:
    """A run with this fault, and what becomes of it."""
    halt = await on.platform.halt("tool", "order", reason="it lies") if fault.then == "halt" else None
    run = await on.start(planted, what=fault.what)
    if fault.then in {"reject", "cancel", "look"}:
        await run.waits_for()
    if fault.then == "reject":
        await run.reject("not today")
    if fault.then == "cancel":
        await run.cancel("not needed any more")
    if fault.then != "look":
        with suppress(RemitError):
            await run.result()
    found = await on.platform.searching.why(run.id)
    if fault.then == "look":
        await run.cancel()
    if halt is not None:
        await on.platform.lift(halt.id)
    return found


async def _holds_together(on: Stage, found: Explanation) -> None:
    """It is short, it ends with what to do, and every event that it names is there."""
    assert 3 <= len(found.lines) <= 10, found
    assert (found.lines[0].about, found.lines[1].about, found.lines[-1].about) == ("ended", "cause", "next")
    assert all(len(line.text) < 500 and "\n" not in line.text for line in found.lines)
    cited = {event for line in found.lines for event in line.events} | {found.event}
    assert all(line.events for line in found.lines[:2])
    for event in cited:
        parts = re.fullmatch(r"run:(?P<run>[^#]+)#(?P<seq>\d+)", event)
        assert parts is not None, event
        rows: list[Any] = await on.platform.ground.database.fetch(
            "log.read", f"run:{parts['run']}", int(parts["seq"]), 1
        )
        assert rows[0][1] == int(parts["seq"]), event
    assert bool(found.group) == (found.status == "failed")
