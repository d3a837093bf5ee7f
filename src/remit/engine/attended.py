"""A run that is carried by whoever waits for it: begun and executed in the caller's own task, for as long as the caller
is there. What it was told to do lives in memory only, so a run whose process died is not repeated; whoever finds it
ends it. It makes the run durable without waiting: what is released to anybody waits for the log (`settled`), and the
end is durable before it is reported. What the work is, and who is connected, is not known here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from remit.domain.action_errors import ClientGone
from remit.domain.errors import Fenced, Infrastructure, RunWasCancelled, StoreUnavailable
from remit.domain.front_errors import NotServing, Pending
from remit.domain.halt_errors import Halted
from remit.domain.runs import ParkReason, RunStatus
from remit.engine import faults
from remit.engine.attempts import failure_of
from remit.engine.body import end
from remit.engine.execution import Execution, Outcome
from remit.engine.journal import Journal
from remit.engine.scope import Scope
from remit.store.database import Commit
from remit.store.log import Entry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.engine.birth import Birth, Born
    from remit.engine.mailbox import Message
    from remit.engine.worker import Worker
    from remit.store.database import Committed, Op

T = TypeVar("T")


class Attended(Execution):
    """A run in memory with somebody at the other end: it does not park while they wait, and a drain lets it finish."""

    detached = False
    """Nobody waits any more: it parks like any other run."""
    task: asyncio.Task[object] | None = None
    """Whoever carries it."""
    leaving = False
    """It is over with what was carried, and what follows is cleaning up."""
    born: asyncio.Future[Committed] | None = None
    """Its birth, which the log may still refuse; then there is no such run."""

    @property
    def unborn(self) -> bool:
        """Whether the log has refused that it exists."""
        born = self.born
        return born is not None and born.done() and (born.cancelled() or born.exception() is not None)

    def hold(self, *, draining: bool = False) -> None:
        """A pause holds it; a worker that leaves waits for it instead."""
        if not draining or self.detached:
            super().hold(draining=draining)

    async def wait(self, scope: Scope, path: str, reason: ParkReason, due: int | None) -> Message | str:
        """Wait while somebody is connected; what is halted refuses them at once, rather than keep them waiting."""
        if reason is ParkReason.HALTED:
            raise Halted("it was halted while somebody waited for the answer.", "Ask again after the lift.")
        return await super().wait(scope, path, reason, due)

    def detach(self) -> None:
        """Whoever waited does not wait any longer: what waits for a person goes on without them."""
        if not self.detached:
            self.detached = True
            self.became_idle()

    def leave(self) -> None:
        """Whoever waited has gone: cancel, in a read or a wait at once, in a claimed write after its receipt."""
        if not self.sealed and not self.cancelling:
            self.cancelling = self.asked = True
            self.cancel(list(self.scopes))

    def over(self) -> None:
        """It has left memory: nothing of it points back to it, so that it is gone at once and not when somebody
        collects garbage; there is one of these for every request.
        """
        self.task = None
        for scope in self.scopes:
            scope.task = None  # whose context still names it
        self.scopes = set()
        for part in (self.waits, self.mailbox, self.outbox, self.on_ground()):
            part.unhook()

    def carried_by(self, task: asyncio.Task[object] | None) -> None:
        """Interrupt this task if the run leaves memory under it."""
        self.task = task
        self.outcome.add_done_callback(self._interrupt)

    def _interrupt(self, outcome: asyncio.Future[Outcome]) -> None:
        if outcome.cancelled() or outcome.result().kind == "ended" or self.task is None:
            return
        self.evict()
        if outcome.result().kind == "lost" and not self.leaving:
            self.task.cancel()


async def attend(
    worker: Worker, birth: Birth, work: Callable[[Attended], Awaitable[T]],
    begun: Callable[[Attended], None] | None = None, ops: Sequence[Op] = (),
) -> T:  # fmt: skip
    """Create a run and carry it here: what `work` gives is given back, what it raises is the end of the run as well.

    `begun` is told of it before anything is done. With `ops`, which may refuse that it exists, it is durable before
    that.
    """
    services = worker.services
    if worker.stopping:
        raise NotServing("this process is leaving and takes up nothing new.", "Ask again in a moment.")
    born = birth.prepare(services.keys, services.clock.now(), services.lease.worker)
    worker.host(born.row)
    try:
        birthday = Commit(born.events, born.blobs, [*born.ops, *ops], patient=not ops)
        durable = services.database.submit(birthday)
        if ops:
            await durable
        execution = _execution_of(born, birth, worker, durable)
        execution.outbox.follow(birthday, durable)
    except BaseException:
        worker.part(born.row, Outcome("lost", error=Fenced("it was never begun.")))
        raise
    faults.reach("run.created")
    worker.enter(execution)
    try:
        if begun is not None:
            begun(execution)
        return await _carry(execution, work)
    finally:
        _part(worker, execution)


def _execution_of(born: Born, birth: Birth, worker: Worker, durable: asyncio.Future[Committed]) -> Attended:
    journal = Journal([Entry(1, born.row.created_at, "", born.event)])
    execution = Attended(born.row, birth.flow, born.pen, journal, worker.services)
    execution.born = durable
    durable.add_done_callback(_heard)
    execution.outbox.patient = True
    execution.active += 1  # whoever waits for it is busy, too
    return execution


async def _carry(execution: Attended, work: Callable[[Attended], Awaitable[T]]) -> T:
    scope = Scope(execution, "", execution.row.created_at)
    scope.enter()
    execution.scopes = {scope}
    execution.carried_by(scope.task)
    execution.heed()
    try:
        result = await work(execution)
    except BaseException as wrong:
        execution.leaving = True
        if execution.outcome.done():
            raise await _left(execution, wrong) from wrong
        if execution.cancelling and isinstance(wrong, asyncio.CancelledError):
            _take_back(execution)  # it was ours, and what follows is cleaning up
            await _end(execution, scope, wrong)
            raise _was_cancelled(execution) from wrong
        await _end(execution, scope, wrong)
        raise
    execution.leaving = True
    await _end(execution, scope, None)
    return result


async def _end(execution: Attended, scope: Scope, wrong: BaseException | None) -> None:
    """Write down how it ended, also for somebody who has gone; durable when this returns."""
    if len(execution.scopes) > 1:
        await execution.stop_everything_else(scope)
    if wrong is None:
        await end(execution, RunStatus.SUCCEEDED, None, None)
    elif isinstance(wrong, asyncio.CancelledError | ClientGone) or execution.cancelling:
        await end(execution, RunStatus.CANCELLED, None, None)
    else:
        await end(execution, RunStatus.FAILED, None, failure_of(wrong))
    outcome = _outcome_of(execution)
    if outcome.kind == "lost":
        raise await _left(execution, wrong)


async def _left(execution: Attended, wrong: BaseException | None) -> Exception:
    """It left memory before its work was done: what to say to whoever waits."""
    outcome = _outcome_of(execution)
    if outcome.kind == "lost":
        if isinstance(wrong, asyncio.CancelledError):
            _take_back(execution)
        await execution.settled()
        why = outcome.error
        return (
            why
            if isinstance(why, Infrastructure)
            else StoreUnavailable("the log did not take what was done.")
        )
    pending = Pending(
        f"{execution.row.id} waits for a person to agree.", "Ask again when they have; see: remit inbox"
    )
    pending.run = execution.row.id
    return pending


def _take_back(execution: Attended) -> None:
    if execution.task is not None and execution.task.cancelling():
        execution.task.uncancel()


def _part(worker: Worker, execution: Attended) -> None:
    run, outcome = execution.row.id, _outcome_of(execution)
    execution.evict()
    worker.leave(run)
    left = worker.services.left
    if left is not None:
        left(run, outcome.kind == "ended")
    if execution.unborn:
        outcome = Outcome("lost", error=Fenced("it was never begun."))
    worker.part(execution.row, outcome)
    execution.over()


def _was_cancelled(execution: Attended) -> RunWasCancelled:
    return RunWasCancelled(f"{execution.row.id} was cancelled.", f"See: remit show {execution.row.id}")


def _outcome_of(execution: Attended) -> Outcome:
    return execution.outcome.result() if execution.outcome.done() else Outcome("lost")


def _heard(durable: asyncio.Future[Committed]) -> None:
    """A birth that was refused refuses everything after it, which is waited for."""
    if not durable.cancelled():
        durable.exception()
