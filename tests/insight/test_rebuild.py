"""What is told of the log depends on the log alone: dropped and read again, in batches of any size, after crashes,
undos and shreds, every table is the same.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings

from remit.control.observing.wiring import projections, projector_of
from remit.insight.projector import Projector
from remit.insight.reading import Reading
from remit.testing import stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.insight.histories import CLERK, CRITIC, HISTORIES, child, history, live, tables_of, talk
from tests.samples import samples

if TYPE_CHECKING:
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]

_EVERYTHING = [
    ([("ask", "writes"), ("ask", "loops"), ("human", "approve"), ("about", "bob")], ["undo", "read"], ""),
    ([("spawn", "breaks"), ("together", "errs"), ("own", "fails")], ["read", "restart"], ""),
    ([("ask", "guesses"), ("human", "cancel")], ["shred"], ""),
    ([("about", "ana"), ("ask", "writes")], ["undo", "read", "ana"], "ana"),
]


async def test_s05_a_rebuild_gives_the_same_rows(place: Place) -> None:
    sizes = (1, 500) if place.dialect == "sqlite" else (7,)
    async with stage(
        history, child, workspace=place.folder, database=place.database, agents=[CLERK, CRITIC]
    ) as on:
        on.platform.simulate(talk)
        await _live_and_tell_again(on, _EVERYTHING, sizes)
        told = await tables_of(on.platform)
    assert any(row[0] for row in told["trace_keys"]), "nothing stood under the key of a subject"


@settings(
    max_examples=samples(5), deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(HISTORIES)
def test_s05_whatever_happened_is_told_the_same_again(plans: Any) -> None:
    asyncio.run(_on_its_own(plans))


async def _on_its_own(plans: Any) -> None:
    async with stage(history, child, agents=[CLERK, CRITIC]) as on:
        on.platform.simulate(talk)
        await _live_and_tell_again(on, plans, (3,))


async def _live_and_tell_again(on: Stage, plans: Any, sizes: tuple[int, ...]) -> None:
    await live(on, plans)
    ground = on.platform.ground
    await on.platform.parts.projector.catch_up()
    lived = await tables_of(on.platform)
    assert lived["traces"]
    await on.platform.parts.projector.stop()
    for size in sizes:
        reading = Reading(ground.database, ground.keys)
        again = Projector(ground.database, reading, ground.clock, projections(ground, reading), size)
        await asyncio.gather(again.rebuild(), projector_of(ground).catch_up())
        await again.catch_up()
        told = await tables_of(on.platform)
        for table, rows in lived.items():
            assert told[table] == rows, f"{table}, in batches of {size}"
