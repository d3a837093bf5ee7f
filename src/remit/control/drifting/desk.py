"""What can be asked about drift. It hands on; what is found is decided elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from remit.control.drifting.telling import book_of, view_of
from remit.control.drifting.views import DriftReport, WatchedView
from remit.control.drifting.watching import DriftWatch
from remit.control.observing.wiring import catch_up
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Infrastructure, InvalidInput
from remit.engine.step import seconds
from remit.quality.statistics.ranks import REFERENCE
from remit.store.database import Conflict

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.operations.drift.book import DriftBook
    from remit.operations.drift.history import Subject

_MONTH = 30 * 86_400 * MICROSECONDS


class DriftDesk:
    """The drift of one team."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def report(self, since: str = "7d", agent: str = "") -> DriftReport:
        """What drifted in some time; before it answers it looks once more."""
        ground = self._ground
        begin = ground.clock.now() - round(seconds(since) * MICROSECONDS)
        await catch_up(ground)
        book = book_of(ground)
        with suppress(Infrastructure, Conflict):  # who cannot write, or was slower, reads what is known
            await book.watch()
        subjects = await book.subjects(min(begin, ground.clock.now() - _MONTH))
        names = sorted({each.name for each in subjects})
        if agent and agent not in names:
            raise InvalidInput(
                f'no agent or flow called "{agent}" had a run in the last 30 days.',
                f"There are: {', '.join(names) or 'none'}.",
            )
        found = tuple(view_of(each) for each in await book.found(begin, agent))
        watched = [await self._watched(book, each) for each in subjects if agent in {"", each.name}]
        return DriftReport(begin, found, tuple(watched))

    def watch(self) -> DriftWatch:
        """Whoever looks for it again and again, once started."""
        return DriftWatch(self._ground)

    async def _watched(self, book: DriftBook, subject: Subject) -> WatchedView:
        runs, first = await book.kept(subject)
        return WatchedView(subject.kind, subject.name, runs, first, runs > REFERENCE)
