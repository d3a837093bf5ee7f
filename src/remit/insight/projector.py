"""Reads the log once and hands it to every projection; one cursor says how far, and moves in the commit that writes
what was read, so that several processes may try and none counts an event twice. It knows no projection by name.

It trails the log: a batch is small, for while it is written nobody else can write to an embedded database, and whoever
acts comes first.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.beside import Beside
from remit.domain.errors import Infrastructure, NotEncodable
from remit.domain.events import KeyShredded
from remit.insight.projection import RUN
from remit.insight.underway import Underway
from remit.store.database import Commit, Conflict, Cursor, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.clock import Clock
    from remit.insight.projection import Happened, Projection
    from remit.insight.reading import Page, Reading
    from remit.store.database import Database

_log = logging.getLogger("remit.insight")
NAME = "insight"
BATCH = 100
_WAITS = 2.0
"""Seconds for which a process leaves the log to the one that was faster."""
_KEYS_OF_RUNS = ("k-", "c-")
"""What the names of keys of runs begin with: of what they wrote, and of what a rule left of that."""
_PAUSE = 0.25
"""Twice this is the most that it trails, well below the second for which a reader waits (S5)."""
_NOTICED = 0.005
_BUSY = 500.0
"""So many new events a second mean that others are at work."""
_SHARE = 20
_LONGEST_REST = 0.5
_MUCH_TOO_OLD = 15.0


class Lag(NamedTuple):
    """How far what is shown trails what happened."""

    events: int
    seconds: float
    """The age of the oldest event that is not shown yet."""


async def cursor_of(database: Database) -> Cursor:
    """How far the log was read, by whichever process does."""
    rows = await database.fetch("projections.cursor", NAME)
    return Cursor(*rows[0]) if rows else Cursor(0, 0)


async def lag_of(database: Database, clock: Clock) -> Lag:
    """How much has happened that is not shown yet."""
    events, oldest = (await database.fetch("insight.lag", *await cursor_of(database)))[0]
    return Lag(events, max(0.0, (clock.now() - oldest) / 1_000_000) if oldest is not None else 0.0)


async def reflects(database: Database, pos: int, seconds: float = 1.0) -> bool:
    """Whether what is shown has come to `pos`, waiting for it a little (S5)."""
    deadline = asyncio.get_running_loop().time() + seconds
    while (await cursor_of(database)).pos < pos:
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await database.wait_for_change(0.1)
    return True


def rest(grown: float, age: float, took: float) -> float:
    """How long to leave the machine to others after a batch that took so long: while the log grows by so many events a
    second and the oldest that is not shown is of this age.
    """
    return min(_SHARE * took, _LONGEST_REST) if grown > _BUSY and age < _MUCH_TOO_OLD else 0.0


class Projector(Beside):
    """Keeps projections near the end of the log."""

    def __init__(
        self, database: Database, reading: Reading, clock: Clock, projections: Sequence[Projection],
        batch: int = BATCH, *, gentle: bool = False,
    ) -> None:  # fmt: skip
        """`gentle` shares its process with runs: it rests as long as it works."""
        self._database = database
        self._clock = clock
        self._reading = reading
        self._projections = tuple(projections)
        self._kinds = frozenset({KeyShredded.KIND}).union(*(each.kinds for each in projections))
        self._batch = batch
        self._turn = asyncio.Lock()
        """Whoever reads on is alone with what projections keep in memory."""
        self._gentle = gentle
        self._careful = 0
        """How many events are read one by one, because one of them cannot be told."""
        self._beaten = False
        self._stood: Cursor | None = None
        """Where it stood after its last batch; anywhere else, what projections keep in memory is of another time."""
        self._underway = Underway(database)
        self._ahead = False
        """Whether the next page is told before the last one is durable: only where there is much to do."""
        self._last: tuple[Page, Op] | None = None
        self._looked = (0, 0.0)
        """How far the log went, and when that was."""

    async def catch_up(self) -> None:
        """Read to the end of what is visible."""
        while await self._read_on():
            pass

    async def cursor(self) -> Cursor:
        """How far it has read."""
        return await cursor_of(self._database)

    async def lag(self) -> Lag:
        """How much has happened that is not shown yet."""
        return await lag_of(self._database, self._clock)

    async def rebuild(self) -> None:
        """Delete everything derived and read the log from its beginning."""
        tables = dict.fromkeys(table for each in self._projections for table in each.tables)
        drop = [Op(f"insight.drop_{table}", ()) for table in tables]
        async with self._turn:
            await self._underway.drop()
            await self._database.submit(Commit(ops=[*drop, Op("projections.reset", (NAME,))]))
            self._forget()
        await self.catch_up()

    async def go_on(self) -> None:
        """Follow the log."""
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            try:
                busy = await self._read_on()
            except Exception as wrong:  # noqa: BLE001 - whatever it is, pages that never move again are worse
                if self.says(wrong):
                    _log.warning("what is derived from the log could not be brought up to date: %s", wrong)
                busy = False
            took = loop.time() - begun
            if self._beaten:
                await asyncio.sleep(
                    _WAITS
                )  # who was first goes on, and whoever comes after a death takes over
            elif not busy:
                await self._database.wait_for_change(_PAUSE)
                await asyncio.sleep(_PAUSE)  # a projection may trail; it must not compete with the runs
            elif self._gentle:
                await asyncio.sleep(took)
            else:
                await self._give_way(took)

    async def _give_way(self, took: float) -> None:
        """Leave machine and database to those who act, as long as what is shown is not much too old."""
        newest, oldest = (await self._database.fetch("insight.pace", *await self.cursor()))[0]
        now, before = asyncio.get_running_loop().time(), self._looked
        self._looked = (newest or 0, now)
        grown = (self._looked[0] - before[0]) / max(now - before[1], took, _NOTICED)
        age = (self._clock.now() - oldest) / 1_000_000 if oldest is not None else 0.0
        await asyncio.sleep(rest(grown, age, took))

    async def _read_on(self) -> bool:
        """Take in one batch; true if there may be more."""
        async with self._turn:
            self._beaten = False
            try:
                return await self._take_next()
            except Conflict:
                self._forget()
                self._beaten = True
                return True  # another process was faster
            except BaseException:
                self._forget()
                raise

    async def _take_next(self) -> bool:
        """Tell the next page while the one before it is being written, and have it written after that."""
        before = self._stood if self._ahead and self._stood is not None else await self._where()
        page = await self._reading.page(before, self._kinds, 1 if self._careful else self._batch)
        if page.after == before:
            return not await self._settled()
        ops = await self._told(page)
        if not await self._settled():
            return True  # what came before it is read again, and this was told for nothing
        if ops is None:
            self._read_carefully(page)
            return True
        self._careful = max(0, self._careful - 1)
        self._last = page, Op("projections.advance", (NAME, *before, *page.after), one=True)
        self._underway.begin(Commit(ops=[self._last[1], *ops]))
        self._stood = page.after
        self._ahead = page.more and not self._gentle and not self._careful
        return page.more if self._ahead or await self._settled() else True

    async def _where(self) -> Cursor:
        """How far the log was read; what is kept in memory is void if that was somebody else, or came to nothing."""
        await self._underway.drop()
        before = await self.cursor()
        if before != self._stood:
            self._forget()
        if before == (0, 0):
            await self._database.submit(Commit(ops=[Op("projections.begin", (NAME,))]))
        return before

    async def _settled(self) -> bool:
        """Have the last page made durable; false: no database can hold it, and it is read again event by event."""
        try:
            await self._underway.settle()
        except NotEncodable as wrong:
            if self._last is None:
                raise
            page, advance = self._last
            if len(page.happened) > 1:
                self._read_carefully(page)
                return False
            for each in self._projections:
                _give_up(each, page.happened[0], wrong)
            await self._database.submit(Commit(ops=[advance]))
        return True

    def _read_carefully(self, page: Page) -> None:
        self._careful = page.events
        self._forget()

    async def _told(self, page: Page) -> list[Op] | None:
        """What projections make of a page; None: one of them cannot, and the page is read again event by event."""
        ops: list[Op] = []
        for each in self._projections:
            try:
                ops += await each.take(page.happened, self._underway)
            except (Conflict, Infrastructure):
                raise
            except Exception as wrong:  # noqa: BLE001 - one event that one of them cannot read must not stop the others
                if len(page.happened) > 1:
                    return None
                _give_up(each, page.happened[0], wrong)
        for run in await self._under_shredded(page.happened):
            ops += await self._tell_again(run, page.after)
        return ops

    async def _under_shredded(self, happened: Sequence[Happened]) -> list[str]:
        """The runs that stand under keys that were shredded, wholly or in part."""
        runs: dict[str, None] = {}
        for each in happened:
            if isinstance(each.event, KeyShredded):
                key = each.event.key
                if key.startswith(_KEYS_OF_RUNS):
                    runs[key.partition("-")[2]] = None
                runs |= {row[0]: None for row in await self._underway.fetch("insight.traces_under", key)}
        return list(runs)

    async def _tell_again(self, run: str, upto: Cursor) -> list[Op]:
        """What can be read of a run still, told to everyone."""
        happened = await self._reading.stream(RUN + run, self._kinds, upto)
        if not happened:
            return []
        ops: list[Op] = []
        for each in self._projections:
            try:
                ops += await each.again(run, happened, self._underway)
            except (Conflict, Infrastructure):
                raise
            except Exception as wrong:  # noqa: BLE001 - as above
                _give_up(each, happened[-1], wrong)
        return ops

    def _forget(self) -> None:
        self._stood, self._ahead = None, False
        for each in self._projections:
            each.forget()


def _give_up(projection: Projection, happened: Happened, wrong: Exception) -> None:
    """One projection leaves an event out; a rebuild takes it in once it can be read."""
    projection.forget()
    where = f"event {happened.seq} of {happened.stream} ({happened.kind})"
    _log.error("%s cannot take in %s and goes on without it: %r", projection.name, where, wrong)
