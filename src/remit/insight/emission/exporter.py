"""Follows the spans that came to their end and tells a receiver of them: spans, log records and metrics, each with its
own place in the order, moved once the receiver has taken what came before. So a receiver that was away misses nothing,
and one that died after it took a message may be told once more; ids are the same then. It begins with what ends after
it was first switched on.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.beside import Beside
from remit.insight.emission.closed import ClosedSpan
from remit.insight.emission.measures import measured
from remit.insight.emission.receiver import Signal, Unreceived
from remit.insight.emission.records import recorded
from remit.insight.emission.spans import SPEAKING, told
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from remit.insight.emission.contents import Contents
    from remit.insight.emission.receiver import Receiver
    from remit.store.database import Database
    from remit.wire.otlp.sending import Sender, Value

_log = logging.getLogger("remit.insight")
_BATCH = 500
_TELLINGS = 50
_EVERY = 2.0
_LONGEST_PAUSE = 60.0
_TURN = 15.0
_RENEW = 5.0
_TURN_NAME = "otel.turn"


class Telling(NamedTuple):
    """A row of the query `emission.next`: what ended in a trace after one time and up to another."""

    n: int
    trace: str
    since: int
    upto: int
    over: int


class Turn:
    """One process at a time tells: whose turn it is stands beside the places, and ends by itself with its process."""

    def __init__(self, database: Database, name: str = _TURN_NAME) -> None:
        self._database = database
        self._name = name
        self._holder = secrets.randbits(62)
        self._until = 0.0
        self._looked = float("-inf")

    async def mine(self) -> bool:
        """Whether this process may tell now."""
        now = time.monotonic()
        if now - self._looked >= _RENEW:
            self._looked = now
            self._until = now + _TURN if await self._take() else 0.0
        return now < self._until

    async def give_back(self) -> None:
        """Let another process begin at once."""
        if time.monotonic() < self._until:
            self._until = 0.0
            await self._database.submit(Commit(ops=[Op("emission.give_back", (self._name, self._holder))]))

    async def _take(self) -> bool:
        now = int(time.time() * 1000)
        take = Op("emission.take", (self._name, self._holder, now, now + int(_TURN * 1000)), one=True)
        try:
            await self._database.submit(Commit(ops=[Op("emission.begin", (self._name, 0)), take]))
        except Conflict:
            return False
        return True


class Exporter(Beside):
    """Tells one receiver of everything, as long as it goes on."""

    def __init__(
        self,
        database: Database,
        receiver: Receiver,
        sender: Sender,
        signals: Sequence[Signal],
        *,
        older: bool,
        contents: Contents | None = None,
    ) -> None:
        """`contents` reads what was said, where a receiver may have it."""
        self._database = database
        self._receiver = receiver
        self._sender = sender
        self._signals = signals
        self._older = older
        self._contents = contents
        self._turn = Turn(database)
        self.sent = 0
        """Spans told since the start of this process."""

    async def go_on(self) -> None:
        """Follow each signal by itself: one that nobody takes does not hold up the others."""
        try:
            async with asyncio.TaskGroup() as group:
                for signal in self._signals:
                    group.create_task(self._follow(signal))
        finally:
            await self._turn.give_back()
            await self._receiver.close()

    async def catch_up(self) -> None:
        """Tell everything that is there; raises if the receiver does not take it."""
        for signal in self._signals:
            while await self._tell(signal):
                pass

    async def begin(self) -> None:
        """Take the places from which is told, if this receiver was never told of anything."""
        newest = (await self._database.fetch("emission.newest"))[0][0] or 0
        await self._database.submit(
            Commit(ops=[Op("emission.begin", (_place(signal), newest)) for signal in self._signals])
        )

    async def _follow(self, signal: Signal) -> None:
        pause = _EVERY
        while True:
            try:
                more = await self._turn.mine() and await self._tell(signal)
                pause = 0.0 if more else _EVERY
            except Unreceived as wrong:
                pause = wrong.pause or min(max(pause, _EVERY) * 2, _LONGEST_PAUSE)
                _log.warning("%s Again in %.0f s.", wrong, pause)
            except Exception as wrong:  # noqa: BLE001 - whatever it is, the log goes on, and so does telling of it
                pause = _LONGEST_PAUSE
                _log.warning("%s could not be sent: %s. Again in %.0f s.", signal, wrong, pause)
            await asyncio.sleep(pause)

    async def _tell(self, signal: Signal) -> bool:
        """Tell what came next; true if there may be more."""
        rows = await self._database.fetch("projections.cursor", _place(signal))
        if not rows:
            await self.begin()
            return True
        before = int(rows[0][1])
        tellings = [Telling(*row) for row in await self._database.fetch("emission.next", before, _TELLINGS)]
        if not tellings:
            return False
        spans: list[ClosedSpan] = []
        for telling in tellings:
            async for page in self._pages(telling):
                spans += page
                if len(spans) >= _BATCH:
                    await self._send(signal, spans)
                    spans = []
        if spans:
            await self._send(signal, spans)
        await self._move(signal, before, tellings[-1].n)
        return len(tellings) == _TELLINGS

    async def _pages(self, telling: Telling) -> AsyncIterator[list[ClosedSpan]]:
        """The spans of a telling, a page at a time; the run itself with its end."""
        if telling.over:
            yield [ClosedSpan(*row) for row in await self._database.fetch("emission.run", telling.trace)]
        after = 0
        while True:
            rows = await self._database.fetch(
                "emission.spans", telling.trace, telling.since, telling.upto, after, _BATCH
            )
            page = [ClosedSpan(*row) for row in rows]
            yield page
            if len(page) < _BATCH:
                return
            after = page[-1].n

    async def _send(self, signal: Signal, spans: Sequence[ClosedSpan]) -> None:
        said = await self._said(spans) if signal is Signal.TRACES else {}
        body = self._body(signal, spans, said)
        if body:
            taken = await self._receiver.send(signal, body)
            if taken.why:
                lost = "a part of" if taken.whole else "none of"
                _log.warning("%s took %s %s: %s", self._receiver.name, lost, signal, taken.why)
        if signal is Signal.TRACES:
            self.sent += len(spans)

    async def _said(self, spans: Sequence[ClosedSpan]) -> dict[str, dict[str, dict[str, Value]]]:
        """What was said in the runs of these spans, by run and path; nothing where that is not to be told."""
        if self._contents is None:
            return {}
        runs = dict.fromkeys(each.trace for each in spans if each.kind in SPEAKING)
        return {run: await self._contents.of(run) for run in runs}

    def _body(
        self,
        signal: Signal,
        spans: Sequence[ClosedSpan],
        said: Mapping[str, Mapping[str, Mapping[str, Value]]],
    ) -> bytes:
        match signal:
            case Signal.TRACES:
                return self._sender.spans(
                    told(each, older=self._older, said=said.get(each.trace, {}).get(each.id, {}))
                    for each in spans
                )
            case Signal.LOGS:
                records = recorded(spans)
                return self._sender.records(records) if records else b""
            case Signal.METRICS:
                found = measured(spans, older=self._older)
                since = min(each.ended for each in spans)
                until = max(each.ended for each in spans)
                return self._sender.metrics(since, max(until, since + 1), found) if found else b""

    async def _move(self, signal: Signal, before: int, after: int) -> None:
        advance = Op("projections.advance", (_place(signal), 0, before, 0, after), one=True)
        try:
            await self._database.submit(Commit(ops=[advance]))
        except Conflict:
            _log.info("another process told %s of %s as well", self._receiver.name, signal)


def _place(signal: Signal) -> str:
    return f"otel.{signal}"
