"""Work on an answer for which nobody has to wait: it goes on when the client has left, remembers what was said so that
whoever comes back hears it from where they were, and can be called off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping

    from remit.control.fronting.exchanges import Exchange

Json = Any


class Job:
    """One answer that is worked on; it takes the place of the client."""

    def __init__(self, *, stream: bool) -> None:
        loop = asyncio.get_running_loop()
        self.stream = stream
        self.identity = ""
        self.told: dict[str, Json] = {}
        """The answer as far as it has come."""
        self.gone: asyncio.Future[RemitError | None] = loop.create_future()
        self.begun: asyncio.Future[dict[str, Json]] = loop.create_future()
        """Done when whoever comes back would find it."""
        self._frames: list[bytes] = []
        self._news = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None

    def start(self, work: Coroutine[Any, Any, Any], over: Callable[[], object]) -> None:
        """Work on it from now on; `over` is called when there is nothing more to do."""
        self._task = asyncio.get_running_loop().create_task(work)

        def ended(task: asyncio.Task[Any]) -> None:
            over()
            wrong = None if task.cancelled() else task.exception()
            if not self.begun.done():
                self.begun.set_exception(wrong or RemitError("it was called off before it began."))
            self._news.set()

        self._task.add_done_callback(ended)

    def follow(self, exchange: Exchange) -> None:
        """What ends the exchange ends the work."""

        def end(over: asyncio.Future[RemitError | None]) -> None:
            if not self.gone.done():
                self.gone.set_result(None if over.cancelled() else over.result())

        exchange.over.add_done_callback(end)

    def announce(self, told: dict[str, Json]) -> None:
        """It is kept: whoever asked may be told, and go."""
        self.told = told
        if not self.begun.done():
            self.begun.set_result(told)

    async def call_off(self) -> None:
        """Stop working on it; returns when that is kept."""
        if not self.gone.done():
            self.gone.set_result(None)
        if self._task is not None:
            with suppress(RemitError, asyncio.CancelledError):
                await asyncio.shield(self._task)

    @property
    def text(self) -> str:
        """What was said so far."""
        return b"".join(self._frames).decode()

    async def heard(self, every: float) -> AsyncGenerator[bytes]:
        """What was said from the beginning on, until nothing more comes; b"" where nothing was said for so long."""
        place = 0
        while True:
            self._news.clear()
            while place < len(self._frames):
                place += 1
                yield self._frames[place - 1]
            if self._task is None or self._task.done():
                return
            try:
                async with asyncio.timeout(every):
                    await self._news.wait()
            except TimeoutError:
                yield b""

    # --- as a client -------------------------------------------------------------------------------------

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        """An answer begins."""
        del headers, upstream

    async def write(self, frames: bytes) -> None:
        """More of it."""
        self._frames.append(frames)
        self._news.set()
