"""Streams that have no end of their own: one is open for as long as the key that opened it is good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from remit.control.fronting.fronts import Fronts

T = TypeVar("T")
_LOOK_SECONDS = 1.0


async def while_good(fronts: Fronts, key: str, stream: Awaitable[T]) -> T:
    """Carry a stream; once its key opens nothing any more, raise that instead."""
    task = asyncio.ensure_future(stream)
    try:
        while not (await asyncio.wait({task}, timeout=_LOOK_SECONDS))[0]:
            await fronts.keys.by_id(key)
        return task.result()
    except RemitError:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise
    except asyncio.CancelledError:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        raise
