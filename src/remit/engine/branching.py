"""Branches: gather, race, timeout and as_completed, whose outcome is decided once and journaled (S12).

Each branch is a scope of its own in a task of its own. Which branch won, failed first or came next is an event;
a replay follows it whatever the timing. A cancelled branch replays what it had recorded and is cancelled there.
"""

from __future__ import annotations

import asyncio
import inspect
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Cancelled, Evicted, TimedOut
from remit.domain.events import ScopeDecided
from remit.engine import faults
from remit.engine.scope import Scope
from remit.engine.step import seconds
from remit.engine.waiting import wait_for_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

    from remit.engine.execution import Execution

_NOBODY = -1


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
        self._finished: list[int] = []
        self._waiter: asyncio.Future[None] | None = None
        for scope, each in zip(self.scopes, work, strict=True):
            self._start(scope, each)

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
        return self._finished.pop(0)

    async def rest(self) -> None:
        """Wait until every branch has ended."""
        while len(self.results) < len(self.scopes):
            await self.next()
        self._finished.clear()
        self.parent.last_at = max([self.parent.last_at, *(s.last_at for s in self.scopes)])

    async def stop_others(self, but: int) -> None:
        """Cancel every branch except one, and wait for their cleaning up."""
        self.execution.cancel([s for n, s in enumerate(self.scopes) if n != but and n not in self.results])
        await self.rest()

    def stop_on_replay(self, but: int) -> None:
        """The others were cancelled when this was recorded: let them replay up to there."""
        for number, scope in enumerate(self.scopes):
            if number != but:
                scope.stop()

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

    def _start(self, scope: Scope, work: Awaitable[Any]) -> None:
        if self.parent.stopping:
            scope.stop()
        self.execution.became_busy()
        self.execution.scopes.add(scope)
        task = asyncio.get_running_loop().create_task(self._run(scope, work), context=copy_context())
        self.execution.tasks.add(task)
        task.add_done_callback(self.execution.tasks.discard)

    async def _run(self, scope: Scope, work: Awaitable[Any]) -> None:
        scope.enter()
        value: Any = None
        wrong: BaseException | None = None
        try:
            value = await work
        except asyncio.CancelledError as cancelled:
            wrong = cancelled if isinstance(cancelled, Cancelled) else Cancelled()
        except (Exception, Evicted) as error:  # noqa: BLE001 - it belongs to whoever waits for the branch
            wrong = error
        except BaseException as fatal:
            self.execution.lose(fatal)
            raise
        self._end(scope, value, wrong)

    def _end(self, scope: Scope, value: Any, wrong: BaseException | None) -> None:
        number = self.scopes.index(scope)
        self.results[number] = (value, wrong)
        self._finished.append(number)
        self.execution.scopes.discard(scope)
        if self._waiter is not None and not self._waiter.done():
            self.execution.became_busy()
            self._waiter.set_result(None)
        self.execution.became_idle()


async def gather(execution: Execution, work: Sequence[Awaitable[Any]], *, keep_errors: bool) -> list[Any]:
    """Run everything at once; all results in order, or the first failure after the others were cancelled."""
    branches = _branch(execution, "gather", work)
    decided = execution.journal.decisions(branches.path)
    if decided:
        branches.stop_on_replay(decided[0].winner)
        await branches.rest()
        return branches.give(decided[0].winner)
    while branches.more:
        number = await branches.next()
        wrong = branches.results[number][1]
        if wrong is None or keep_errors or isinstance(wrong, (Cancelled, Evicted)):
            continue
        if not execution.dry:
            await branches.decide("gather", number, "failed")
        await branches.stop_others(number)
        raise wrong
    await branches.rest()
    return [_result(branches, number, keep_errors=keep_errors) for number in range(len(branches.scopes))]


async def race(execution: Execution, work: Sequence[Awaitable[Any]]) -> Any:
    """Run everything at once; the first to finish wins, for good or ill, and the others are cancelled."""
    branches = _branch(execution, "race", work)
    decided = execution.journal.decisions(branches.path)
    if decided:
        branches.stop_on_replay(decided[0].winner)
        await branches.rest()
        return branches.give(decided[0].winner)
    winner = await branches.next()
    _leave_if_told(branches, winner)
    if not execution.dry:
        await branches.decide("race", winner, "won")
    await branches.stop_others(winner)
    return branches.give(winner)


async def timeout(execution: Execution, length: float | str, work: Awaitable[Any]) -> Any:
    """Run something for so long at most; after that it is cancelled and `TimedOut` raised."""
    span = seconds(length)
    try:
        scope = execution.scope()
    except BaseException:
        _close([work])
        raise
    path = scope.next_path("timeout")
    timer = wait_for_time_in_branch(execution, span)
    branches = Branches(execution, scope, path, [work, timer])
    decided = execution.journal.decisions(path)
    if decided:
        winner = decided[0].winner
        branches.stop_on_replay(winner)
        await branches.rest()
    else:
        winner = await branches.next()
        _leave_if_told(branches, winner)
        if not execution.dry:
            await branches.decide("timeout", winner, "expired" if winner else "in time")
        await branches.stop_others(winner)
    if winner == 0:
        return branches.give(0)
    raise TimedOut(f"{path} took longer than {span:g} s and was cancelled.")


async def as_completed(execution: Execution, work: Sequence[Awaitable[Any]]) -> AsyncIterator[Any]:
    """Results in the order in which they come; the order is journaled, so a replay sees the same."""
    branches = _branch(execution, "as_completed", work)
    scope = branches.parent
    replayed = execution.journal.decisions(branches.path)
    if replayed and replayed[-1].winner == _NOBODY:
        branches.stop_on_replay(_NOBODY)
        for number in {d.winner for d in replayed} - {_NOBODY}:
            branches.scopes[number].stopping = False
    given: set[int] = set()
    try:
        while len(given) < len(branches.scopes):
            number = await _next_in_order(branches, replayed, given)
            given.add(number)
            yield branches.give(number)
    finally:
        if len(branches.results) < len(branches.scopes) and not execution.sealed and not execution.dry:
            if not replayed or replayed[-1].winner != _NOBODY:
                execution.note(ScopeDecided("as_completed", _NOBODY, "closed"), branches.path)
            await branches.stop_others(_NOBODY)
        scope.last_at = max(
            [scope.last_at, *(s.last_at for n, s in enumerate(branches.scopes) if n in given)]
        )


async def _next_in_order(branches: Branches, replayed: list[ScopeDecided], given: set[int]) -> int:
    if len(given) < len(replayed) and replayed[len(given)].winner != _NOBODY:
        wanted = replayed[len(given)].winner
        while wanted not in branches.results:
            await branches.next()
        return wanted
    ready = [n for n in branches.results if n not in given]
    number = ready[0] if ready else await branches.next()
    while number in given:
        number = await branches.next()
    _leave_if_told(branches, number)
    if not branches.execution.dry:
        await branches.decide("as_completed", number, "next")
    return number


async def wait_for_time_in_branch(execution: Execution, length: float) -> None:
    """The timer of a timeout, in a branch of its own."""
    scope = execution.scope()
    path = scope.next_path("timer")
    await wait_for_time(execution, scope, path, length, execution.journal.take(scope, path, "timer") or [])


def _branch(execution: Execution, kind: str, work: Sequence[Awaitable[Any]]) -> Branches:
    for each in work:
        if not inspect.isawaitable(each):
            raise TypeError(f"run.{kind} takes calls such as run.step(f, x), not {type(each).__name__}.")
    try:
        scope = execution.scope()
    except BaseException:
        _close(work)
        raise
    return Branches(execution, scope, scope.next_path(kind), work)


def _close(work: Sequence[Awaitable[Any]]) -> None:
    """What was made to be a branch and never will be must not complain that nobody awaited it."""
    for each in work:
        if inspect.iscoroutine(each):
            each.close()


def _leave_if_told(branches: Branches, number: int) -> None:
    """A branch that ended because the whole run leaves or is cancelled decides nothing."""
    wrong = branches.results[number][1]
    if isinstance(wrong, Evicted):
        raise wrong
    if isinstance(wrong, Cancelled) and branches.parent.stopping:
        branches.execution.deliver_cancel(branches.parent)


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
