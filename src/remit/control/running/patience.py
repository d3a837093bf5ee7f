"""Waiting for a run that may take only so long: after that it is cancelled, and says so itself in the log."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from remit.control.runs import orders
from remit.domain.errors import RunFailed, RunWasCancelled, Shredded, TimedOut, WrongState
from remit.engine.attempts import Deadline

if TYPE_CHECKING:
    from remit.control.running.handle import RunHandle
    from remit.control.running.parts import Parts


async def ended_within(parts: Parts, handle: RunHandle, seconds: float, what: str) -> None:
    """Return once it is over, however it ended; `what` it is stands in the reason of its end."""
    clock = parts.ground.clock
    try:
        async with Deadline(clock, seconds, what):
            await ended(handle)
    except TimedOut:
        with suppress(WrongState):
            await orders.control(parts, handle.id, "cancel", f"{what} may take {seconds:g} s")
        with suppress(TimedOut):
            async with Deadline(clock, seconds, f"cancelling {what}"):
                await ended(handle)


async def ended(handle: RunHandle) -> None:
    """Return once it is over, however it ended."""
    with suppress(RunFailed, RunWasCancelled, Shredded):
        await handle.result()
