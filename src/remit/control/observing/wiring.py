"""Which projections of the log there are, plugged together: one line for each. What they make of it is their own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from remit.insight.foreign.projection import Foreign
from remit.insight.projector import Projector
from remit.insight.reading import Reading
from remit.insight.run_facts import RunFacts
from remit.insight.search.index import SearchIndex
from remit.insight.search.lexicon import Lexicon
from remit.insight.tracing.traces import Traces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from remit.control.ground.ground import Ground
    from remit.insight.projection import Projection


def projections(ground: Ground, reading: Reading) -> tuple[Projection, ...]:
    """All of them."""
    return (
        Traces(reading, ground.environment),
        Foreign(ground.database, ground.keys),
        SearchIndex(reading, lexicon_of(ground)),
    )


def lexicon_of(ground: Ground) -> Lexicon:
    """What stands for words in the index of this workspace; nobody can read it who has not its root key."""
    return Lexicon(ground.keys.tag("search"))


def projector_of(ground: Ground, extra: Sequence[Projection] = ()) -> Projector:
    """What keeps them, and whatever else is told of the log here, near its end."""
    reading = Reading(ground.database, ground.keys)
    told = (*projections(ground, reading), *extra)
    return Projector(ground.database, reading, ground.clock, told)


@asynccontextmanager
async def observing(ground: Ground, extra: Sequence[Projection] = ()) -> AsyncGenerator[Projector]:
    """Follow the log in this process, which needs none of the workspace's code, until the block ends."""
    facts, projector = RunFacts(ground.database), projector_of(ground, extra)
    facts.start()
    projector.start()
    try:
        yield projector
    finally:
        await projector.stop()
        await facts.stop()
