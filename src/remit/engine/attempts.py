"""One attempt at calling a step: circuit, bulkhead, timeout, thread. It records nothing.

Synchronous functions run on a thread, never on the loop, so that a blocking call cannot look like death (S15).
"""

from __future__ import annotations

import asyncio
import dis
import inspect
import signal
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from remit.domain import silence
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Cancelled, Evicted, StepFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
    from types import TracebackType

    from remit.domain.clock import Clock
    from remit.engine.call import Call
    from remit.engine.services import Services
    from remit.engine.step import Step

_RAISE = dis.opmap["RAISE_VARARGS"]


async def attempt(made: Call, timeout: float | None, services: Services) -> object:
    """Call the step once under all its guards."""
    async with admitted(made.step, services):
        return await call_in_time(made, made.kwargs, timeout, services.clock)


@asynccontextmanager
async def admitted(step: Step, services: Services) -> AsyncGenerator[None]:
    """A place for one call: the circuit lets it through, and there is room in the bulkhead."""
    async with AsyncExitStack() as guards:
        if step.breaker is not None:
            guards.enter_context(services.breakers.watch(step.name, step.breaker))
        if step.limit is not None:
            await guards.enter_async_context(services.bulkheads.room(step.name, step.limit))
        yield


def call_in_time(
    made: Call, kwargs: dict[str, Any], timeout: float | None, clock: Clock
) -> Awaitable[object]:
    """Call what performs the step; what takes longer than it may is interrupted."""
    if silence.is_quiet():
        return _aloud(made, kwargs, timeout, clock)
    on_loop = made.admission is not None or made.step.is_async
    work = made.fn(*made.args, **kwargs) if on_loop else call(made.fn, *made.args, **kwargs)
    return work if timeout is None else InTime(work, clock, timeout, made.step.name)


async def _aloud(made: Call, kwargs: dict[str, Any], timeout: float | None, clock: Clock) -> object:
    with silence.aloud():
        return await call_in_time(made, kwargs, timeout, clock)


def failure_of(raised: BaseException) -> Exception:
    """What the author's code raised, as the failure it is; what is meant for the task or the process passes through."""
    if isinstance(raised, Exception):
        return raised
    if isinstance(raised, (Cancelled, Evicted, GeneratorExit)) or _is_interrupt(raised):
        raise raised
    task = asyncio.current_task()
    if isinstance(raised, asyncio.CancelledError) and task is not None and task.cancelling():
        task.uncancel()  # delivered: what is cleaned up from here on may be told apart from it
        raise raised
    return StepFailed(f"it was left by a {type(raised).__name__} that nobody outside of it asked for.")


async def call(fn: Callable[..., Any], *args: object, **kwargs: object) -> object:
    """Call an async function on the loop, any other on a thread."""
    if silence.is_quiet():
        with silence.aloud():
            return await call(fn, *args, **kwargs)
    if inspect.iscoroutinefunction(fn):
        return await fn(*args, **kwargs)
    return await asyncio.to_thread(fn, *args, **kwargs)


def _is_interrupt(raised: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C: the signal raised it, in its handler or between two steps of an innocent.

    One that the author's code raises by itself is a failure like any other; it would end every worker in turn.
    """
    place = raised.__traceback__
    if not isinstance(raised, KeyboardInterrupt) or place is None:
        return False
    while place.tb_next is not None:
        place = place.tb_next
    code, handler = place.tb_frame.f_code, signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        return code.co_code[place.tb_lasti] != _RAISE
    return code is getattr(getattr(handler, "func", handler), "__code__", None)


class InTime:
    """Something to await that is interrupted after a while, as `Deadline` does. What never waits needs no timer."""

    __slots__ = ("_clock", "_name", "_seconds", "_work")

    def __init__(self, work: Awaitable[Any], clock: Clock, seconds: float, name: str) -> None:
        self._work = work
        self._clock = clock
        self._seconds = seconds
        self._name = name

    def __await__(self) -> Generator[Any, Any, Any]:
        since, begun = self._clock.now(), self._work.__await__()
        try:
            waits = next(begun)
        except StopIteration as done:
            return done.value
        deadline = Deadline(self._clock, self._seconds, self._name, since)
        deadline.begin()
        try:
            result = yield from _rest(begun, waits)
        except BaseException as wrong:
            if deadline.stop():
                yield from deadline.tell(wrong).__await__()
            raise
        if deadline.stop():
            yield from deadline.tell(None).__await__()
        return result


def _rest(begun: Generator[Any, Any, Any], waits: Any) -> Generator[Any, Any, Any]:
    """What is left of something that was begun and now waits for the first time."""
    while True:
        try:
            try:
                yield waits
            except BaseException as wrong:  # noqa: BLE001 - a cancel, most likely: it is for whoever waits
                waits = begun.throw(wrong)
            else:
                waits = next(begun)
        except StopIteration as done:
            return done.value


class Deadline:
    """Interrupts the running task after a while on the given clock, and says so as `TimedOut`."""

    def __init__(self, clock: Clock, seconds: float, name: str, since: int | None = None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._name = name
        self._since = since
        self._expired = False

    async def __aenter__(self) -> None:
        self.begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.stop():
            await self.tell(error)

    def begin(self) -> None:
        """The time runs from now, or from when it began."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - async code runs in a task
        self._task = task
        self._pending = task.cancelling()
        since = self._clock.now() if self._since is None else self._since
        self._timer = self._clock.call_at(since + int(self._seconds * MICROSECONDS), self._expire)

    def stop(self) -> bool:
        """It is over; whether it took too long."""
        self._timer.cancel()
        return self._expired

    async def tell(self, error: BaseException | None) -> None:
        """It took too long: raise `TimedOut`, unless something else interrupted it as well."""
        alone = self._task.uncancel() <= self._pending
        if alone and not isinstance(error, asyncio.CancelledError):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(
                    0
                )  # it expired in the very moment it was done: nothing else is interrupted
        elif alone:
            raise TimedOut(
                f"{self._name} did not answer within {self._seconds:g} s.",
                "Give it more time (timeout=…), or find out why it is slow.",
            ) from error

    def _expire(self) -> None:
        self._expired = True
        self._task.cancel()
