"""Branches whose results are taken as they come; the order is journaled, so a replay sees the same (S12).

Whoever stops taking them cancels the branches that are left, at once and without waiting for a garbage collector's
task: that would be a line of control which the run does not know.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any

from remit.domain.errors import ForeignTask
from remit.domain.events import ScopeDecided
from remit.engine.branching import branch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from remit.engine.execution import Execution

_NOBODY = -1


class Completed:
    """Results in the order in which they come."""

    def __init__(self, execution: Execution, work: Sequence[Awaitable[Any]]) -> None:
        self._everything_given = True  # until there is something to give
        self._execution = execution
        self._branches = branch(execution, "as_completed", work)
        self._everything_given = not work
        self._loop = asyncio.get_running_loop()
        self._ready: deque[int] = deque()
        self._given: set[int] = set()
        self._closed = False
        self._recorded = execution.journal.decisions(self._branches.path)
        if any(decided.winner == _NOBODY for _, decided in self._recorded):
            taken = {decided.winner for _, decided in self._recorded}
            for number, scope in enumerate(self._branches.scopes):
                if number not in taken:
                    scope.stop()

    def __aiter__(self) -> Completed:
        return self

    async def __anext__(self) -> Any:
        if self._execution.scope() is not self._branches.parent:
            raise ForeignTask(
                "run.as_completed was read in another branch than the one that called it.",
                "Read it where it was called, so that a replay reads it there too.",
            )
        if self._closed or self._everything_given:
            raise StopAsyncIteration
        number = await self._next()
        self._given.add(number)
        self._everything_given = len(self._given) == len(self._branches.scopes)
        if self._branches.results[number][1] is not None:
            await self.aclose()
        return self._branches.give(number)

    def __del__(self) -> None:
        if not self._everything_given and not self._closed:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and everything with it
                self._loop.call_soon_threadsafe(self._close)

    async def aclose(self) -> None:
        """Take no more: cancel what is left, and wait for its cleaning up."""
        self._close()
        if not self._execution.dry:
            await self._branches.rest()

    async def _next(self) -> int:
        branches, position = self._branches, len(self._given)
        if position < len(self._recorded) and self._recorded[position][1].winner != _NOBODY:
            at, decided = self._recorded[position]
            while decided.winner not in branches.results:
                self._ready.append(await branches.next())
            branches.parent.last_at = at
            return decided.winner
        while self._ready and self._ready[0] in self._given:
            self._ready.popleft()
        number = self._ready.popleft() if self._ready else await branches.next()
        while number in self._given:
            number = await branches.next()
        await branches.leave_if_told(number)
        if not self._execution.dry:
            await branches.decide("as_completed", number, "next")
        return number

    def _close(self) -> None:
        execution, branches = self._execution, self._branches
        self._closed = True
        left = [scope for number, scope in enumerate(branches.scopes) if number not in branches.results]
        if not left or execution.sealed or execution.dry:
            return
        if not any(decided.winner == _NOBODY for _, decided in self._recorded):
            execution.note(ScopeDecided("as_completed", _NOBODY, "closed"), branches.path)
        execution.cancel(left)
