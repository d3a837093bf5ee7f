"""Looking after canaries with nobody present. Whoever observes the log weighs how runs came out, and rolls back, holds,
widens or clears; whoever executes the release tries parked runs with it and promotes what was cleared. Several
processes may look: each step is one commit that only the first can make.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from remit.control.releasing.booking import book_of
from remit.control.releasing.ending import canary_row, end_canary, ran_of, verdict
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import RemitError
from remit.domain.on_use import on_use
from remit.domain.release_events import CanaryMoved, CanaryStarted
from remit.operations.releases.book import Told
from remit.operations.releases.canary import Evidence, Outcome, Terms, Watch, next_step
from remit.operations.releases.channels import Channel
from remit.store.database import Conflict, Op

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.releasing import copying, leading
    from remit.control.running.parts import Parts
    from remit.store.database import Row
else:
    copying = on_use("remit.control.releasing.copying")
    leading = on_use("remit.control.releasing.leading")

_log = logging.getLogger("remit.releases")
_BY = "remit"
_MOST = 20_000
_UNSERVED = 60 * MICROSECONDS
"""How long a canary's run may be due while nobody executes the release."""
_HOUR = 3600 * MICROSECONDS


class CanaryWatch(Beside):
    """Looks at the canary that is under way, again and again."""

    def __init__(
        self, ground: Ground, hours: int, parts: Parts | None = None, *, judges: bool = True
    ) -> None:
        """`parts`: of a process that executes a release, and can promote it. `judges`: whether it weighs evidence."""
        self._ground = ground
        self._hours = hours
        self._parts = parts
        self._judges = judges
        self._watch: tuple[str, Watch] | None = None
        self._copies: copying.Copies | None = None

    async def go_on(self) -> None:
        """Look, every second; whatever goes wrong is tried again."""
        clock = self._ground.clock
        while True:
            await sleep_until(clock, clock.now() + MICROSECONDS)
            try:
                await self.look()
            except (RemitError, Conflict) as wrong:
                _log.info("the canary was not looked at: %s", wrong)
            except Exception as wrong:  # noqa: BLE001 - one slip must not leave a canary unwatched
                _log.warning("looking at the canary failed: %s", wrong)

    async def look(self) -> None:
        """Do what there is to do now."""
        book = book_of(self._ground)
        if self._parts is not None and self._parts.services.release:
            self._copies = self._copies or copying.Copies()
            await self._copies.look(self._parts)
        row = await canary_row(book)
        if row is None:
            self._watch = None
            return
        if self._judges:
            await self._weigh(row)
        mine = self._parts.services.release if self._parts is not None else ""
        still = row[3] == "cleared" and await canary_row(book) == row  # it may just have been ended
        if still and mine == row[1]:
            await self._promote(row)

    async def _weigh(self, row: Row) -> None:
        book, (identity, release, against, status) = book_of(self._ground), row[:4]
        watch = await self._watch_of(row)
        harms = 0
        for arm in (against, release):
            rows = await book.rows("outcomes", arm, row[6], _MOST)
            watch.take(ran_of(rows, canary=release))
            harms += sum(1 for each in rows if each[5] and arm == release)
        found = watch.evidence(harms)
        told = Told("canary", _BY, found.reason, _evidence(found, watch.terms))
        if found.outcome in {Outcome.WORSE, Outcome.HARM}:
            await end_canary(book, row, "rolled_back", told)
        elif await self._is_unserved(row):
            why = "nobody has executed it for a minute: no process that serves the release is alive"
            await end_canary(book, row, "rolled_back", Told("canary", _BY, why, told.evidence))
        elif status == "running":
            await self._go_further(row, watch.terms, found, told)
        _log.debug("canary %s: %s", identity, found.reason)

    async def _go_further(self, row: Row, terms: Terms, found: Evidence, told: Told) -> None:
        book = book_of(self._ground)
        if found.outcome is Outcome.FINE:
            await self._turn(row, "cleared", told)
            return
        late = self._ground.clock.now() - row[6] > self._hours * _HOUR
        if found.outcome is Outcome.OPEN or late:
            why = found.reason if not late else f"{found.reason}, and its {self._hours} hours are over"
            await self._turn(row, "held", Told("canary", _BY, why, told.evidence))
            return
        lead = (await book.leads()).get(Channel.CANARY)
        percent = next_step(terms, lead.percent, found.canary_runs) if lead is not None else 0
        served = {each[0] for each in await book.rows("served")}
        if lead is not None and percent > lead.percent and row[1] in served:
            share = Op("releases.share", (book.team, Channel.CANARY.value, row[1], percent), one=True)
            await book.say([CanaryMoved(row[0], percent, told.evidence)], [share])

    async def _promote(self, row: Row) -> None:
        """It is fine by its own runs; now those that others began, and that may be led to it some day."""
        assert self._parts is not None  # noqa: S101 - who promotes executes
        book = book_of(self._ground)
        release = await leading.served(self._parts)
        said = await book.event_at(row[8], row[9])
        evidence = getattr(said, "evidence", None)
        found = await leading.rehearse(self._parts)
        if found.diverged:
            await self._turn(
                row, "held", Told("canary", _BY, leading.blocked(release, found).message, evidence)
            )
            return
        reason = str(getattr(said, "reason", ""))
        await leading.lead(self._parts, release, found, Told("canary", _BY, reason, evidence), row[0])

    async def _turn(self, row: Row, outcome: str, told: Told) -> None:
        book = book_of(self._ground)
        event, op = verdict(book, row, outcome, told)
        await book.say([event], [op])

    async def _is_unserved(self, row: Row) -> bool:
        """Whether its runs, or itself, have waited for a minute for a process that executes it."""
        book, since = book_of(self._ground), self._ground.clock.now() - _UNSERVED
        lead = (await book.leads()).get(Channel.CANARY)
        never = lead is not None and lead.percent == 0 and row[6] < since
        waiting = never or (await book.rows("waiting", row[1], since))[0][0]
        return bool(waiting) and row[1] not in {each[0] for each in await book.rows("served")}

    async def _watch_of(self, row: Row) -> Watch:
        if self._watch is None or self._watch[0] != row[0]:
            started = await book_of(self._ground).event_at(row[4], row[5])
            terms = terms_of(started.terms) if isinstance(started, CanaryStarted) else Terms()
            self._watch = (row[0], Watch(terms))
        return self._watch[1]


def terms_of(said: dict[str, Any]) -> Terms:
    """The terms as the log has them."""
    known = {each.name for each in fields(Terms)}
    values: dict[str, Any] = {name: value for name, value in said.items() if name in known}
    values["steps"] = tuple(values.get("steps", Terms().steps))
    return Terms(**values)


def _evidence(found: Evidence, terms: Terms) -> dict[str, Any]:
    """As the log keeps it: a stake is given as whole hundredths, which is as much as anybody can say of one."""
    said = asdict(found) | {"outcome": found.outcome.value, "level": terms.level, "margin": terms.margin}
    said["measures"] = [
        asdict(each) | {"worse": _stake(each.worse), "fine": _stake(each.fine)} for each in found.measures
    ]
    return said


def _stake(value: float) -> float:
    return round(min(value, 1e12), 2)
