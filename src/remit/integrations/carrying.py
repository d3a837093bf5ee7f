"""Another framework within a run. Frameworks start tasks of their own, and a step has its place only in the run's own
task: so the framework works beside it, and whatever it needs of the run is done there, one thing after the other, in
the order in which it was asked for. It knows no framework.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from remit.domain.action_errors import NotInARun
from remit.domain.errors import Evicted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from remit.agents.run import Run

T = TypeVar("T")
_CLEANUP_SECONDS = 5.0
_current: ContextVar[Carrier | None] = ContextVar("remit_carrier", default=None)


async def carried(run: Run, work: Coroutine[Any, Any, T]) -> T:
    """Let a framework do its work within a run; called by the flow's own code, once for each piece of work."""
    return await Carrier(run).carry(work)


def carrier() -> Carrier:
    """Who carries the work that is going on."""
    found = _current.get()
    if found is None:
        raise NotInARun(
            "this is done within a run alone, and not inside of a step.", "Start it by: await carried(run, …)"
        )
    return found


def is_carried() -> bool:
    """Whether a run carries what is going on."""
    return _current.get() is not None


class Carrier:
    """Takes what a framework asks for to the run's own task."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._asked: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]] = asyncio.Queue()
        self._over = False
        self._names = 0

    def next_name(self, what: str) -> str:
        """A name that is the same on every replay."""
        self._names += 1
        return f"{self.run.execution.row.id}/{what}-{self._names}"

    async def carry(self, work: Coroutine[Any, Any, T]) -> T:
        """The framework's work, to its end; if the run parks or is cancelled, it is let go of, as the flow is."""
        context = copy_context()
        context.run(_current.set, self)
        working = asyncio.get_running_loop().create_task(work, context=context)
        try:
            while not working.done():
                asking = asyncio.ensure_future(self._asked.get())
                await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    asking.cancel()
                    break
                await self._do(*asking.result())
            return working.result()
        finally:
            self._over = True
            if not working.done():
                working.cancel()
                await asyncio.wait({working}, timeout=_CLEANUP_SECONDS)

    async def perform(self, act: Callable[[], Awaitable[T]]) -> T:
        """Have something done in the run's own task, and wait for what comes of it."""
        if self._over:
            raise Evicted
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((act, answer))
        return await answer

    async def _do(self, act: Callable[[], Awaitable[Any]], answer: asyncio.Future[Any]) -> None:
        try:
            result = await act()
        except Exception as wrong:  # noqa: BLE001 - it is the framework's to handle
            if not answer.done():
                answer.set_exception(wrong)
        else:
            if not answer.done():
                answer.set_result(result)
