"""What lasts as long as a client is connected: it may hang up, and then whoever works for it stops at once; and what is
halted meanwhile is told to it, for nobody who is connected waits for a lift.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from remit.domain.action_errors import ClientGone
from remit.domain.halt_errors import Halted
from remit.gate.containment.watched import Watched

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.domain.errors import RemitError
    from remit.domain.halts import Halt


@asynccontextmanager
async def while_connected(gone: asyncio.Future[RemitError | None]) -> AsyncGenerator[None]:
    """Interrupt what is inside once the client has hung up, or must not be told more; raises `ClientGone`, or why."""
    loop, limit, over = asyncio.get_running_loop(), asyncio.timeout(None), False

    def hang_up(_: asyncio.Future[RemitError | None]) -> None:
        if not over:
            limit.reschedule(loop.time())

    try:
        async with limit:
            gone.add_done_callback(hang_up)
            try:
                yield
            finally:
                over = True
                gone.remove_done_callback(hang_up)
    except TimeoutError:
        if not limit.expired():
            raise
    else:
        return
    why = None if gone.cancelled() else gone.result()
    raise why or ClientGone("the client hung up before it had its answer.")


class Connected(Watched):
    """A passage under halts, on behalf of somebody who is connected: a halt is a refusal."""

    __slots__ = ()

    @staticmethod
    def _refuse(halt: Halt) -> None:
        raise _halted(halt)

    def _interrupted(self, halt: Halt) -> Exception:
        return _halted(halt)


def _halted(halt: Halt) -> Halted:
    wrong = Halted(f"{halt.sentence}.", "Try again when a person has lifted that.")
    wrong.detail = {"halt": halt.id, "reasons": [{"rule": halt.id, "text": halt.sentence}]}
    return wrong
