"""The halts that stand, as this process knows them: looked at in memory by every action, read again when it is told.

It is told by the database (a notification, or its change counter) and looks by itself twice a second; whoever asks it
after a longer silence has it look first. What cannot be read for longer than it may be old is taken to forbid
everything. How old that is, and whether a halt has ended by itself, is no matter of a clock that somebody can set.
What a halt does to an action stands in `watched`; what it does to a run, in the engine.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from remit.domain.clock import MICROSECONDS, SteadyTime
from remit.domain.errors import Infrastructure, Shredded
from remit.domain.halt_errors import HaltsUnknown
from remit.domain.halt_events import HaltOpened
from remit.domain.halts import REFUSES, Concern, Halt, HaltMode, HaltScope
from remit.domain.tasks import behind
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.domain.clock import Clock
    from remit.domain.runs import RunRow
    from remit.store.database import Database, Row
    from remit.store.log import Log

_log = logging.getLogger("remit.halts")
_LOOK_AGAIN = MICROSECONDS
_LOOK_SECONDS = 0.5
_GAP_SECONDS = 0.02
"""How long after a look the next one is, however much others write meanwhile."""
_WAKE_EVERY = 60
"""After so many looks, runs that still stand although nothing keeps them are woken: whoever was to do it died."""
OPEN_ENDED = 0


class Flight(Protocol):
    """An action under way."""

    def heed(self) -> None:
        """What is halted has changed: see whether this may go on."""
        ...


class HaltBoard:
    """What may not act, as it stands now."""

    def __init__(self, database: Database, log: Log, clock: Clock, age: float = 5.0) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._time = SteadyTime(clock)
        self._age = int(age * MICROSECONDS)
        self._seen: int | None = None
        self._standing: tuple[Halt, ...] = ()
        self._holding: frozenset[str] = frozenset()
        """Those of them that had not ended by themselves at the last look."""
        self._looks = 0
        self._task: asyncio.Task[None] | None = None
        self._told = asyncio.Event()
        self._looking = asyncio.Lock()
        self.version = 0
        """The state of the halts that is known here."""
        self.flights: set[Flight] = set()
        """What is under way in this process."""
        self.changed: Callable[[], None] = lambda: None
        """Called when something was halted or lifted."""

    def limit(self, age: float) -> None:
        """What is known may be this old, in seconds, when it cannot be read anew."""
        self._age = int(age * MICROSECONDS)

    # --- asked by every action ------------------------------------------------------------------------

    @property
    def any(self) -> bool:
        """Whether anything is halted or in quarantine at all."""
        return bool(self._standing)

    def covering(self, about: Concern) -> Halt | None:
        """The halt that forbids this; None is the answer nearly always, and costs a look at an empty list."""
        return self._find(HaltMode.HALT, about)

    def quarantine(self, about: Concern) -> Halt | None:
        """The quarantine that this is in."""
        return self._find(HaltMode.QUARANTINE, about)

    def holds(self, row: RunRow) -> int | None:
        """Until when a run as a whole stands still (`OPEN_ENDED`: nobody knows); None: it does not."""
        if not self._standing:
            return None
        halt = self.covering(Concern(row.team, row.id, row.pin, behind(row.flow)))
        return None if halt is None or halt.scope in REFUSES else self.ends(halt) or OPEN_ENDED

    def agent(self, name: str, team: str) -> Halt | None:
        """The halt on an agent by name."""
        found = self.covering(Concern(team, "", agents=(name,)))
        return found if found is not None and found.scope is HaltScope.AGENT else None

    def ends(self, halt: Halt) -> int | None:
        """What the wall clock shows when a halt ends by itself; None: somebody has to lift it."""
        return None if halt.until is None else self._time.on_the_wall(halt.until)

    def stale(self) -> bool:
        """Whether it is time to look before anything is let pass."""
        return not self._is_younger(_LOOK_AGAIN)

    def _is_younger(self, age: int) -> bool:
        return self._seen is not None and 0 <= self._clock.boot() - self._seen < age

    def _find(self, mode: HaltMode, about: Concern) -> Halt | None:
        if not self._standing:
            return None
        now = self._time.earliest()
        for halt in self._standing:
            if halt.mode is mode and halt.stands(now) and halt.covers(about):
                return halt
        return None

    # --- looking --------------------------------------------------------------------------------------

    async def require(self, *, afresh: bool = False) -> None:
        """Look, or raise `HaltsUnknown` once what is known is too old; `afresh`: what is known will not do."""
        try:
            await self.look()
        except Infrastructure as wrong:
            if afresh or not self._is_younger(self._age):
                raise HaltsUnknown(
                    f"nothing may act: which halts stand could not be read for {self._age / MICROSECONDS:g} s "
                    f"({wrong.message})",
                    "Bring the database back; runs go on by themselves.",
                ) from wrong

    async def look(self) -> None:
        """Read what stands, if it is another state than is known."""
        database = self._database
        async with self._looking:
            begun = self._clock.boot()
            rows = await database.fetch("halts.version")
            version = rows[0][0] if rows else 0
            if version != self.version:
                standing = [await self._read(row) for row in await database.fetch("halts.standing")]
                self._standing, self.version = tuple(standing), version
                self._spread()
            await self._wake_who_may_go_on()
            self._seen = begun

    async def _read(self, row: Row) -> Halt:
        identity, team, scope, target, mode, at, by, until, stream, seq, *_ = row
        reason = ""
        with suppress(Shredded):
            event = (await self._log.read_one(stream, seq)).event
            reason = event.reason if isinstance(event, HaltOpened) else ""
        return Halt(identity, HaltScope(scope), target, HaltMode(mode), team, by, at, until, reason)

    def _spread(self) -> None:
        for flight in list(self.flights):
            flight.heed()
        self.changed()

    async def _wake_who_may_go_on(self) -> None:
        """Something was lifted, or has ended by itself: also for runs that lay down while the clock was set wrong."""
        now = self._time.earliest()
        holding = frozenset(halt.id for halt in self._standing if halt.stands(now))
        ended, self._holding = self._holding - holding, holding
        if ended:
            await self._wake()

    async def _wake(self) -> None:
        """Runs that stand still look again; those that are still covered stand still again."""
        with suppress(Conflict):
            await self._database.submit(Commit(ops=[Op("halts.wake", (self._clock.now(),))]))
        self._database.announce()
        self.changed()

    # --- watching -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Know what stands, and keep knowing it until `stop`; runs that were left standing are woken."""
        await self.look()
        await self._wake_forgotten()
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="remit-halts")

    async def stop(self) -> None:
        """Look no more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def abandon(self) -> None:
        """Look no more, as a killed process does."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def tell(self) -> None:
        """Something was halted or lifted in this very process."""
        self._told.set()

    async def _watch(self) -> None:
        while True:
            await self._next_change()
            try:
                await self.look()
                self._looks += 1
                if self._looks % _WAKE_EVERY == 0:
                    await self._wake_forgotten()
            except Exception as wrong:  # noqa: BLE001 - a board that stops to look would keep everything waiting
                _log.warning("which halts stand could not be read: %s", wrong)
                await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.sleep(_GAP_SECONDS)

    async def _next_change(self) -> None:
        told = asyncio.ensure_future(self._told.wait())
        change = asyncio.ensure_future(self._database.wait_for_change(_LOOK_SECONDS))
        try:
            await asyncio.wait({told, change}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            change.cancel()
            self._told.clear()

    async def _wake_forgotten(self) -> None:
        """While nothing keeps any run standing, none stands."""
        now = self._time.earliest()
        keeping = any(halt.mode is HaltMode.HALT and halt.stands(now) for halt in self._standing)
        if not keeping and (await self._database.fetch("halts.parked"))[0][0]:
            await self._wake()
