"""Which projections of the log there are, plugged together: one line for each. What they make of it is their own."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from remit.control.sections import OtelSettings
from remit.domain.errors import Infrastructure
from remit.insight.foreign.projection import Foreign
from remit.insight.foreign.records import Records
from remit.insight.projector import BATCH, Projector
from remit.insight.reading import Reading
from remit.insight.run_facts import RunFacts
from remit.insight.search.foreign import SpanTexts
from remit.insight.search.index import SearchIndex
from remit.insight.search.lexicon import Lexicon
from remit.insight.tracing.traces import Traces

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from remit.control.exposing.emission import Emission
    from remit.control.ground.ground import Ground
    from remit.domain.beside import Beside
    from remit.insight.projection import Projection

_NOBODY = OtelSettings()
"""Nobody outside is told."""
_PATIENCE = 2.0
"""Seconds that somebody who asks waits for what happened a moment ago."""
_YOUNG = 200_000
"""Objects after which circles are looked for among them; a batch makes a quarter of that."""


def projections(ground: Ground, reading: Reading) -> tuple[Projection, ...]:
    """All of them."""
    return (
        Traces(reading, ground.environment),
        Foreign(ground.database, ground.keys),
        Records(ground.database, ground.keys),
        SearchIndex(lexicon_of(ground), SpanTexts(ground.database, ground.keys)),
    )


def lexicon_of(ground: Ground) -> Lexicon:
    """What stands for words in the index of this workspace; nobody can read it who has not its root key."""
    return Lexicon(ground.keys.tag("search"))


def projector_of(ground: Ground, extra: Sequence[Projection] = (), *, gentle: bool = False) -> Projector:
    """What keeps them, and whatever else is told of the log here, near its end."""
    reading = Reading(ground.database, ground.keys)
    told = (*projections(ground, reading), *extra)
    batch = BATCH // 5 if gentle else BATCH
    return Projector(ground.database, reading, ground.clock, told, batch, gentle=gentle)


async def catch_up(ground: Ground) -> None:
    """Tell what happened a moment ago, as far as that takes no time that anybody would notice."""
    with suppress(TimeoutError, Infrastructure):  # who cannot write can still read what there is
        await asyncio.wait_for(projector_of(ground).catch_up(), _PATIENCE)


class Observation:
    """All that follows the log in one process: what lists need, what can be told from it, and whom it is told to."""

    def __init__(
        self, ground: Ground, otel: OtelSettings = _NOBODY, *, beside: Sequence[Beside] = (), gentle: bool = True
    ) -> None:  # fmt: skip
        """`gentle`: runs are executed in the same process, and come first. `beside`: who looks at what is told."""
        told = _emission(ground, otel) if otel.endpoint else None
        self.projector = projector_of(ground, (told.tellings,) if told else (), gentle=gentle)
        self.facts = RunFacts(ground.database)
        follow: list[Beside] = [self.facts, self.projector, *beside]
        self._following = (*follow, told.exporter) if told else tuple(follow)

    def start(self) -> None:
        """Follow from now on."""
        for each in self._following:
            each.start()

    async def stop(self) -> None:
        """Follow no more."""
        for each in reversed(self._following):
            await each.stop()

    def abandon(self) -> None:
        """Stop at once, as a killed process would."""
        for each in self._following:
            each.abandon()


def _emission(ground: Ground, otel: OtelSettings) -> Emission:
    from remit.control.exposing.emission import emission_of  # its messages take 10 MB, where nobody is told

    return emission_of(ground, otel)


def collect_rarely() -> None:
    """For a process that does nothing but read the log: what it makes is gone after the batch, and looking for circles
    in it again and again is a seventh of the work.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)


@asynccontextmanager
async def observing(
    ground: Ground, otel: OtelSettings, beside: Sequence[Beside] = ()
) -> AsyncGenerator[Projector]:
    """Follow the log in this process, which needs none of the workspace's code, until the block ends."""
    observation = Observation(ground, otel, beside=beside, gentle=False)
    collect_rarely()
    observation.start()
    try:
        yield observation.projector
    finally:
        await observation.stop()
