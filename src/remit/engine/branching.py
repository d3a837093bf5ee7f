"""Branches: gather, race and timeout, whose outcome is decided once and journaled (S12).

Each branch is a scope of its own in a task of its own. Which branch won, failed first or came next is an event;
a replay follows it whatever the timing. A cancelled branch replays what it had recorded and is cancelled there.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Cancelled, Evicted, TimedOut
from remit.domain.events import ScopeDecided
from remit.engine import faults
from remit.engine.attempts import failure_of
from remit.engine.scope import Scope
from remit.engine.step import seconds
from remit.engine.waiting import wait_for_time

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from remit.engine.execution import Execution


class Branches:
    """Awaitables of one parent scope, each running as a branch."""

    def __init__(
        self, execution: Execution, parent: Scope, path: str, work: Sequence[Awaitable[Any]]
    ) -> None:
        self.execution = execution
        self.parent = parent
        self.path = path
        self.scopes = [Scope(execution, f"{path}/{n}", parent.last_at) for n in range(len(work))]
        self.results: dict[int, tuple[Any, BaseException | None]] = {}
        self._finished: deque[int] = deque()
        self._waiter: asyncio.Future[None] | None = None
        for number, each in enumerate(work):
            self._start(number, each)

    @property
    def more(self) -> bool:
        """Whether any branch has yet to end, or to be taken note of."""
        return bool(self._finished) or len(self.results) < len(self.scopes)

    async def next(self) -> int:
        """The branch that finishes next; the parent is not busy while it waits."""
        while not self._finished:
            self._waiter = asyncio.get_running_loop().create_future()
            self.parent.interruptible = False  # it waits for its branches, and they are told themselves
            self.execution.became_idle()
            try:
                await self._waiter
            finally:
                self.parent.interruptible = True
            if self.execution.sealed and not self.execution.dry:
                raise Evicted
        return self._finished.popleft()

    async def rest(self) -> None:
        """Wait until every branch has ended."""
        while len(self.results) < len(self.scopes):
            await self.next()
        self._finished.clear()

    async def join(self) -> None:
        """Wait until every branch has ended; what they have seen, their parent has seen."""
        await self.rest()
        self.parent.last_at = max([self.parent.last_at, *(s.last_at for s in self.scopes)])

    async def stop_others(self, but: int) -> None:
        """Cancel every branch except one, and wait for their cleaning up."""
        self.execution.cancel([s for n, s in enumerate(self.scopes) if n != but and n not in self.results])
        await self.rest()
        self.execution.leave_here(self.parent, self.path)

    async def repeat(self, at: int, winner: int) -> None:
        """The others were cancelled when this was recorded: let them replay up to there."""
        for number, scope in enumerate(self.scopes):
            if number != winner:
                scope.stop()
        await self.rest()
        self.parent.last_at = at
        if self.execution.journal.cancelled_at(self.path):
            self.parent.last_at = self.execution.journal.at_path[self.path][-1].at
            self.parent.leave()

    async def decide(self, kind: str, winner: int, outcome: str) -> None:
        """Journal which branch settled it."""
        await self.execution.record(self.parent, ScopeDecided(kind, winner, outcome), self.path)
        faults.reach("scope.decided")

    def give(self, number: int) -> Any:
        """What a branch came to: its value, or its exception raised."""
        value, wrong = self.results[number]
        if wrong is not None:
            raise wrong
        return value

    async def leave_if_told(self, number: int) -> None:
        """A branch that ended because the whole run leaves or is cancelled decides nothing."""
        wrong = self.results[number][1]
        if isinstance(wrong, Evicted):
            raise wrong
        if isinstance(wrong, Cancelled) and self.parent.stopping:
            await self.join()
            self.execution.deliver_cancel(self.parent)

    def _start(self, number: int, work: Awaitable[Any]) -> None:
        scope = self.scopes[number]
        if self.parent.stopping:
            scope.stop()
        self.execution.became_busy()
        self.execution.scopes.add(scope)
        task = asyncio.get_running_loop().create_task(self._run(number, work), context=copy_context())
        self.execution.tasks.add(task)
        task.add_done_callback(self.execution.tasks.discard)

    async def _run(self, number: int, work: Awaitable[Any]) -> None:
        scope = self.scopes[number]
        value: Any = None
        wrong: BaseException | None = None
        try:
            scope.enter()
            value = await work
        except asyncio.CancelledError as cancelled:
            wrong = self._told(scope, cancelled)
        except (Exception, Evicted) as error:  # noqa: BLE001 - it belongs to whoever waits for it
            wrong = error
        except BaseException as error:  # noqa: BLE001 - so does this, unless it is meant for the process
            wrong = self._contained(error)
        self._end(number, value, wrong)

    def _told(self, scope: Scope, cancelled: asyncio.CancelledError) -> BaseException:
        """A cancel of the branch; one that its own code came up with is a failure."""
        task = asyncio.current_task()
        meant = (
            isinstance(cancelled, Cancelled)
            or scope.cancelled
            or (task is not None and task.cancelling() > 0)
        )
        return Cancelled() if meant or self.execution.sealed else failure_of(cancelled)

    def _contained(self, error: BaseException) -> Exception:
        try:
            return failure_of(error)
        except BaseException as fatal:
            self.execution.lose(fatal)
            raise

    def _end(self, number: int, value: Any, wrong: BaseException | None) -> None:
        self.results[number] = (value, wrong)
        self._finished.append(number)
        self.execution.scopes.discard(self.scopes[number])
        if self._waiter is not None and not self._waiter.done():
            self.execution.became_busy()
            self._waiter.set_result(None)
        self.execution.became_idle()


async def gather(execution: Execution, work: Sequence[Awaitable[Any]], *, keep_errors: bool) -> list[Any]:
    """Run everything at once; all results in order, or the first failure after the others were cancelled."""
    branches = branch(execution, "gather", work)
    for at, decided in execution.journal.decisions(branches.path):
        await branches.repeat(at, decided.winner)
        return branches.give(decided.winner)
    while branches.more:
        number = await branches.next()
        wrong = branches.results[number][1]
        if wrong is None or keep_errors or isinstance(wrong, (Cancelled, Evicted)):
            continue
        if not execution.dry:
            await branches.decide("gather", number, "failed")
        await branches.stop_others(number)
        raise wrong
    await branches.join()
    return [_result(branches, number, keep_errors=keep_errors) for number in range(len(branches.scopes))]


async def race(execution: Execution, work: Sequence[Awaitable[Any]]) -> Any:
    """Run everything at once; the first to finish wins, for good or ill, and the others are cancelled."""
    if not work:
        raise TypeError("run.race takes at least one call; of none, nobody could ever be the first.")
    branches = branch(execution, "race", work)
    for at, decided in execution.journal.decisions(branches.path):
        await branches.repeat(at, decided.winner)
        return branches.give(decided.winner)
    winner = await branches.next()
    await branches.leave_if_told(winner)
    if not execution.dry:
        await branches.decide("race", winner, "won")
    await branches.stop_others(winner)
    return branches.give(winner)


async def timeout(execution: Execution, length: float | str, work: Awaitable[Any]) -> Any:
    """Run something for so long at most; after that it is cancelled and `TimedOut` raised."""
    try:
        span = seconds(length)
        scope = execution.scope()
    except BaseException:
        _close([work])
        raise
    path = scope.next_path("timeout")
    timer = wait_for_time_in_branch(execution, span)
    branches = Branches(execution, scope, path, [work, timer])
    recorded = execution.journal.decisions(path)
    if recorded:
        at, winner = recorded[0][0], recorded[0][1].winner
        await branches.repeat(at, winner)
    else:
        winner = await branches.next()
        await branches.leave_if_told(winner)
        if not execution.dry:
            await branches.decide("timeout", winner, "expired" if winner else "in time")
        await branches.stop_others(winner)
    if winner == 0:
        return branches.give(0)
    raise TimedOut(f"{path} took longer than {span:g} s and was cancelled.")


async def wait_for_time_in_branch(execution: Execution, length: float) -> None:
    """The timer of a timeout, in a branch of its own."""
    scope = execution.scope()
    path = scope.next_path("timer")
    await wait_for_time(execution, scope, path, length, execution.journal.take(scope, path, "timer") or [])


def branch(execution: Execution, kind: str, work: Sequence[Awaitable[Any]]) -> Branches:
    """Let every awaitable run as a branch of the scope that calls."""
    try:
        _check(kind, work)
        scope = execution.scope()
    except BaseException:
        _close(work)
        raise
    return Branches(execution, scope, scope.next_path(kind), work)


def _check(kind: str, work: Sequence[Awaitable[Any]]) -> None:
    for each in work:
        if not inspect.isawaitable(each):
            raise TypeError(f"run.{kind} takes calls such as run.step(f, x), not {type(each).__name__}.")


def _close(work: Sequence[Awaitable[Any]]) -> None:
    """What was made to be a branch and never will be must not complain that nobody awaited it."""
    for each in work:
        if inspect.iscoroutine(each):
            each.close()


def _result(branches: Branches, number: int, *, keep_errors: bool) -> Any:
    value, wrong = branches.results[number]
    if wrong is None:
        return value
    if isinstance(wrong, Evicted):
        raise wrong
    if isinstance(wrong, Cancelled):
        if branches.parent.stopping:
            branches.execution.deliver_cancel(branches.parent)
        raise wrong
    if keep_errors:
        return wrong
    raise wrong
