"""Two attempts side by side: a second one starts when the first keeps silent for too long, the first to speak wins,
and the other is hung up on. Events are handed on from the caller's own task, because a run's journal accepts no other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.domain.clock import Clock
    from remit.models.attempting import Deliver, Underway
    from remit.wire.messages import ModelResponse, StreamEvent


class Race:
    """One race between at most two attempts."""

    def __init__(
        self,
        run: Callable[[Underway, Deliver], Awaitable[ModelResponse]],
        abandon: Callable[[Underway], None],
        deliver: Deliver,
        clock: Clock,
    ) -> None:
        self._run = run
        self._abandon = abandon
        self._deliver = deliver
        self._clock = clock
        self._started: list[Underway] = []
        self._news: asyncio.Queue[tuple[Underway, StreamEvent] | Underway | None] = asyncio.Queue()
        self._tasks: dict[int, asyncio.Task[ModelResponse]] = {}
        self._winner: Underway | None = None

    async def between(
        self, lead: Underway, other: Callable[[], Awaitable[Underway | None]], delay: float
    ) -> tuple[Underway, ModelResponse]:
        """The attempt that won, and its answer; raises the failure of the last one that was left."""
        due = self._clock.now() + int(delay * MICROSECONDS)
        timer = self._clock.call_at(due, lambda: self._news.put_nowait(None))
        self._start(lead)
        try:
            while True:
                match await self._news.get():
                    case None:
                        await self._join(other)
                    case (attempt, event):
                        await self._heard(attempt, event)
                    case attempt:
                        task = self._tasks.pop(attempt.number)
                        if self._over(attempt, task):
                            return attempt, task.result()
        finally:
            timer.cancel()
            await self._hang_up(None)
            for attempt in self._started:
                self._abandon(
                    attempt
                )  # a task that is cancelled before its first step never runs, nor cleans up

    def _start(self, attempt: Underway) -> None:
        self._started.append(attempt)

        async def tell(speaker: Underway, event: StreamEvent) -> None:
            self._news.put_nowait((speaker, event))

        async def run() -> ModelResponse:
            return await self._run(attempt, tell)

        task = asyncio.create_task(run())
        self._tasks[attempt.number] = task
        task.add_done_callback(lambda _: self._news.put_nowait(attempt))

    async def _join(self, other: Callable[[], Awaitable[Underway | None]]) -> None:
        """The first has kept silent for too long."""
        if self._winner is None and self._tasks:
            second = await other()
            if second is not None:
                self._start(second)

    async def _heard(self, attempt: Underway, event: StreamEvent) -> None:
        if self._winner is None:
            self._winner = attempt
            await self._hang_up(attempt)
        if attempt is self._winner:
            await self._deliver(attempt, event)

    def _over(self, attempt: Underway, task: asyncio.Task[ModelResponse]) -> bool:
        """Whether this attempt's end is the end of the race: it won, or nobody is left to wait for."""
        if task.cancelled():
            return not self._tasks
        if self._winner is not None:
            return attempt is self._winner
        return task.exception() is None or not self._tasks

    async def _hang_up(self, winner: Underway | None) -> None:
        losers = [task for number, task in self._tasks.items() if winner is None or number != winner.number]
        for task in losers:
            task.cancel()
        await asyncio.gather(*losers, return_exceptions=True)
