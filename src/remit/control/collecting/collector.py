"""Takes telemetry of agents that are not ours: decoded, freed of what must not be kept, sealed under the key of its
source and written into the log in one commit. What it means is told later, from the log. It holds no more in memory
than it was allowed to, and says so to whoever comes beyond that.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from remit.control.collecting.keeping import SUBJECT
from remit.control.collecting.quota import Quota
from remit.domain.errors import TooLarge
from remit.domain.front_errors import BadTelemetry, NotServing, OverLimit
from remit.domain.telemetry_events import PointsTaken, RecordsTaken, SpansTaken
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit
from remit.store.pen import seal_blob
from remit.wire.otlp.foreign_span import spans_lost_in
from remit.wire.otlp.json_messages import Unreadable
from remit.wire.otlp.receiving import receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.collecting.prices import PriceNote
    from remit.control.collecting.sparing import Sparing
    from remit.control.ground.ground import Ground
    from remit.control.sections import CollectSettings
    from remit.domain.event import Event
    from remit.domain.fronting import Caller
    from remit.store.database import BlobRow
    from remit.store.keys import DataKey
    from remit.wire.otlp.receiving import Form, Received, Signal

_LARGE = 65_536
"""Bytes from which on a request is decoded beside the loop, where exchanges of others go on."""
_AGAIN = 1.0
_MOST_ENTRIES = 50_000
"""In one request: what is told of it is written in one commit."""


class Collector:
    """What the server of this process calls."""

    def __init__(
        self, ground: Ground, limits: CollectSettings, sparing: Sparing, prices: PriceNote,
        serving: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._ground = ground
        self._limits = limits
        self._serving = serving
        self._quota = Quota(limits.entries_a_minute, ground.clock)
        self._prices = prices
        self._sparing = sparing
        self.waiting = 0
        """Bytes that are taken and not written yet."""

    @property
    def most(self) -> int:
        """The largest request, once it is unpacked."""
        return self._limits.unpacked_bytes

    def admit(self, caller: Caller, size: int) -> None:
        """Raise with the time to wait where a key has sent its share, or too much waits to be written."""
        if not self._serving():
            raise NotServing("this process takes up nothing new at the moment.", "Send it again in a moment.")
        if self.waiting and self.waiting + size > self._limits.waiting_bytes:
            wrong = OverLimit(
                "more telemetry waits to be written than is kept in memory.", "Send it again later."
            )
            wrong.retry_after = _AGAIN
            raise wrong
        self._quota.check(caller.key)

    async def take(self, caller: Caller, signal: Signal, form: Form, body: bytes) -> Received:
        """Take a request, durably; raises `BadTelemetry` if nothing of it can be read."""
        self.admit(caller, len(body))
        self.waiting += len(body)
        try:
            return await self._take(caller, signal, form, body)
        finally:
            self.waiting -= len(body)

    async def _take(self, caller: Caller, signal: Signal, form: Form, body: bytes) -> Received:
        ground = self._ground
        now = ground.clock.now()
        source = source_of(caller)
        key = await ground.keys.subject_key(caller.team, f"{SUBJECT}{source}", now)
        large = len(body) > _LARGE
        work = partial(_read, self._sparing, key, signal, form, body)
        received, blob = await asyncio.to_thread(work) if large else work()
        if not received.taken and not received.rejected:
            return received
        self._quota.used(caller.key, received.taken)
        book = await self._prices.name() if signal == "traces" else ""
        event = _event(received, source, caller.key, blob, len(body), book)
        shared = shared_event(team_stream(caller.team), caller.team, key, event, now)
        commit = Commit(blobs=[] if blob is None else [blob], shared=[shared])
        await ground.database.submit(commit)
        return received


def source_of(caller: Caller) -> str:
    """Whose telemetry it is: the agent that the key is bound to, else the service or person who owns it."""
    return caller.agent or caller.principal


def _read(
    sparing: Sparing, key: DataKey, signal: Signal, form: Form, body: bytes
) -> tuple[Received, BlobRow | None]:
    """What costs time and needs nothing of the loop."""
    try:
        received = receive(signal, form, body)
    except Unreadable as wrong:
        raise BadTelemetry(
            f"this cannot be read as OTLP {signal}: {wrong}.", "See docs/reference/otlp.md."
        ) from None
    if received.taken > _MOST_ENTRIES:
        raise TooLarge(
            f"a request may hold {_MOST_ENTRIES:,} entries, and this one holds {received.taken:,}.",
            "Send smaller batches.",
        )
    if not received.taken:
        return received, None
    sparing.apply(received)
    return received, seal_blob(received.encoded(), key)


def _event(received: Received, source: str, key: str, blob: BlobRow | None, size: int, book: str) -> Event:
    name = blob.id.hex() if blob is not None else ""
    taken, rejected = received.taken, received.rejected
    if received.signal == "traces":
        return SpansTaken(source, key, name, taken, rejected, size, book)
    if received.signal == "logs":
        return RecordsTaken(source, key, name, taken, rejected, size)
    return PointsTaken(source, key, name, taken, rejected, size, spans_lost_in(received.message))
