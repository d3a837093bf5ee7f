"""What lasts as long as a client is connected: it may hang up, and then whoever works for it stops at once; and what is
halted meanwhile is told to it, for nobody who is connected waits for a lift.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.action_errors import ClientGone
from remit.domain.halt_errors import Halted
from remit.gate.containment.watched import Watched

if TYPE_CHECKING:
    from types import TracebackType

    from remit.domain.errors import RemitError
    from remit.domain.halts import Halt


class while_connected:  # noqa: N801 - used as a phrase: async with while_connected(gone)
    """Interrupt what is inside once the client has hung up, or must not be told more; raises `ClientGone`, or why."""

    __slots__ = ("_gone", "_hung_up", "_pending", "_task")

    def __init__(self, gone: asyncio.Future[RemitError | None]) -> None:
        self._gone = gone
        self._hung_up = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - async code runs in a task
        self._task, self._pending = task, task.cancelling()
        self._gone.add_done_callback(self._hang_up)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gone.remove_done_callback(self._hang_up)
        if not self._hung_up:
            return
        if self._task.uncancel() <= self._pending and isinstance(error, asyncio.CancelledError):
            why = None if self._gone.cancelled() else self._gone.result()
            raise why or ClientGone("the client hung up before it had its answer.") from error

    def _hang_up(self, _: asyncio.Future[RemitError | None]) -> None:
        self._hung_up = True
        self._task.cancel()


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
