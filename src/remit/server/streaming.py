"""A stream on its way to a client: begun late, so that what fails early has a status of its own; kept alive while
nothing comes; and ended in the words of its dialect if it fails. Frames are written whole, so a sign of life fits
between any two.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from remit.server.request import raw_of
from remit.wire.sse import comment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.domain.errors import RemitError
    from remit.server.request import Request

_TICK = 0.25
ALIVE = comment("keep-alive")
STREAM = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


class StreamSink:
    """The client of one exchange, whether it gets a stream or one answer."""

    __slots__ = ("_exchange", "_pulse", "_request", "_stream", "since", "written")

    def __init__(self, request: Request, exchange: Exchange, pulse: Pulse, *, stream: bool) -> None:
        self._request = request
        request.run = exchange.run_id
        self._exchange = exchange
        self._pulse = pulse
        self._stream = stream
        self.since = self.written = perf_counter()
        pulse.add(self)

    @property
    def gone(self) -> asyncio.Future[RemitError | None]:
        """Done when nobody waits for the rest."""
        return self._exchange.over

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        """The answer begins; from here on, whoever makes it tells the client how it ends."""
        self._request.shown = True
        await self._open(headers, upstream)

    async def _open(self, headers: Mapping[str, str], upstream: int) -> None:
        if self._request.begun:
            return
        raw = raw_of(headers)
        raw += [*STREAM, timing(self._request, upstream)]
        await self._request.begin(200, raw)

    async def write(self, frames: bytes) -> None:
        """Whole frames; returns when the socket has room again."""
        self.written = perf_counter()
        await self._request.write(frames)

    def watch(self) -> None:
        """From now on, notice if the client goes."""
        self._request.watch(self._exchange.end)

    async def live(self) -> None:
        """A sign of life."""
        if not self._stream or self._exchange.over.done():
            return
        if not self._request.begun:
            await self._open({}, 0)
        await self.write(ALIVE)

    def close(self) -> None:
        """It is over."""
        self._pulse.drop(self)


class Pulse:
    """Looks after the exchanges that last: whether the client is there, and whether it should hear from us."""

    def __init__(self, every: float) -> None:
        self.every = every
        """Seconds after which a client that waits should hear something."""
        self._young: set[StreamSink] = set()
        self._old: set[StreamSink] = set()
        self._task: asyncio.Task[None] | None = None
        self._sends: set[asyncio.Task[None]] = set()

    def add(self, sink: StreamSink) -> None:
        """An exchange begins; one that is over before the next look costs nothing."""
        self._young.add(sink)

    def drop(self, sink: StreamSink) -> None:
        """It is over."""
        self._young.discard(sink)
        self._old.discard(sink)

    def start(self) -> None:
        """Look from now on."""
        self._task = asyncio.get_running_loop().create_task(self._beat(), name="remit-pulse")

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self.look()

    def look(self) -> None:
        """Once over all of them."""
        now = perf_counter()
        young, self._young = self._young, set()
        self._old |= young
        for sink in young:
            sink.watch()
        for sink in self._old:
            if now - sink.written >= self.every:
                sink.written = now
                task = asyncio.get_running_loop().create_task(sink.live())
                self._sends.add(task)
                task.add_done_callback(self._sends.discard)


def timing(request: Request, upstream: int) -> tuple[bytes, bytes]:
    """How long it took so far, apart from what was waited for: milliseconds, as `Server-Timing` has them."""
    now = perf_counter()
    total, waited = (now - request.began) * 1000, upstream / 1000
    queue = (request.started - request.began) * 1000
    return (
        b"server-timing",
        b"queue;dur=%.3f, overhead;dur=%.3f, upstream;dur=%.3f"
        % (queue, max(total - waited - queue, 0.0), waited),
    )
