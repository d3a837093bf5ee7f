"""What Hypothesis draws is what the crash tests and the log really take."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.events import Event
from remit.store.codec import decode_event, encode_event
from remit.testing.crash import Death
from remit.testing.programs import Node, walk
from remit.testing.strategies import events, programs, runs
from tests.crash.conftest import MakeGround
from tests.crash.driver import Case, theatre
from tests.crash.laws import check

BIG = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
SLOWLY = settings(derandomize=True, database=None, deadline=None, suppress_health_check=BIG, max_examples=10)


@settings(derandomize=True, database=None)
@given(events())
def test_every_event_survives_the_log(event: Event) -> None:
    assert decode_event(event.KIND, encode_event(event)) == event


@settings(derandomize=True, database=None, suppress_health_check=BIG)
@given(st.lists(programs(), min_size=1, max_size=3))
def test_every_node_of_a_program_has_a_place_of_its_own(drawn: list[Node]) -> None:
    for program in drawn:
        ids = [node.id for node in walk(program)]
        assert len(set(ids)) == len(ids)


@SLOWLY
@given(runs(size=4))
def test_drawn_runs_come_to_their_end(
    sqlite_ground: MakeGround, drawn: tuple[list[Node], list[Death]]
) -> None:
    bodies, deaths = drawn

    async def play() -> None:
        with sqlite_ground() as (place, database):
            async with theatre(place, database, "drawn") as played:
                cases = [Case(f"drawn {number}", body) for number, body in enumerate(bodies)]
                await played.play(cases, deaths)
                await check(played, cases)

    asyncio.run(play())
