"""One segment of one run in memory: who is busy, who waits, what may be appended, and when it is time to leave.

It is the ground the operations of a run stand on. It appends events under the owner's pen, counts busy branches,
and parks once every branch waits durably. Parking seals the run first; frames that are then unwound can neither
append nor act (S13). What a step or a wait means is decided in the files beside this one.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from remit.domain.errors import Cancelled, Evicted, JournalFull, StopRun
from remit.domain.events import ChildSpawned, RunParked, ScopeDecided, StepDone, StepFailed, WaitClosed
from remit.domain.runs import ParkReason, RunRow
from remit.domain.value import value
from remit.engine import faults
from remit.engine.journal import CANCEL_POINT
from remit.engine.mailbox import Mailbox, Message
from remit.engine.outbox import Ground, Outbox
from remit.engine.scope import Scope, current_scope, with_branches
from remit.engine.standing import Standing
from remit.engine.waits import Wait, Waits
from remit.store.conversations import Shelf
from remit.store.database import Conflict, Fence, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.action_events import ActionAdmitted
    from remit.domain.events import Event
    from remit.engine.flow import Flow
    from remit.engine.journal import Journal
    from remit.engine.services import Services
    from remit.store.database import BlobRow, Committed, EventRow
    from remit.store.keys import DataKey
    from remit.store.pen import Pen


_SETTLES = (StepDone, StepFailed, WaitClosed, ChildSpawned)
_BESIDE = {"consents": "/consent", "halts": "/halted", "receipts": "/taken"}
"""Refusals that are about something beside the write itself: it is decided again."""


@value
class Outcome:
    """How a segment ended: `ended`, `parked`, `released`, `lost`, or `dry` when it was only a rehearsal."""

    kind: str
    status: str = ""
    value: Any = None
    error: BaseException | None = None


class Execution(Standing):
    """A run while it is in memory."""

    def __init__(self, row: RunRow, flow: Flow, pen: Pen, journal: Journal, services: Services) -> None:
        self.row = row
        self.flow = flow
        self.pen = pen
        self.journal = journal
        self.services = services
        self.shelf = Shelf(pen.key)
        self.mailbox = Mailbox(self._message_came)
        self.simulation: Any = None
        """Set in a fork: how its writes are answered instead of performed."""
        self.refused: set[str] = set()
        """Writes that the log refused to let through in this segment, by path (S11)."""
        self.unresolved: set[str] = set()
        """Fingerprints of writes that are claimed and have no answer yet (S11)."""
        self.dry = False
        """A rehearsal: replay what is recorded, append and perform nothing."""
        self.holding = False
        """Take no further step: the run is to pause, or this worker to leave."""
        self.draining = False
        self.halted: int | None = None
        """Until when the run is halted (0: nobody knows); None: it is not."""
        self.stopped: StopRun | None = None
        """A step said that the run ends here."""
        self.cancelling = False
        """The run was told to cancel; it ends as cancelled, whatever its code returns."""
        self.sealed = False
        self.asked = bool(journal.open_waits())
        """Whether any question was opened, now or in an earlier segment: the end has to withdraw what is left."""
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.scopes: set[Scope] = set()
        self.waits = Waits(services.clock, self.became_busy)
        self.at = row.created_at
        self.active = 1
        self.tasks: set[asyncio.Task[Any]] = set()
        self.now = services.clock.now
        """The clock, for deadlines; flows use `run.now()`."""
        self.outbox = Outbox(pen, services.database, Fence(row.id, row.epoch), self.lose)
        self._ground = Ground(self.lose)

    # --- the pen --------------------------------------------------------------------------------------

    def append(
        self, event: Event, path: str = "", ops: Sequence[Op] = (), key: DataKey | None = None,
        blobs: Sequence[BlobRow] = (), others: Sequence[EventRow] = (),
    ) -> asyncio.Future[Committed]:  # fmt: skip
        """Write the next event of the run, with what belongs to it; durable when the future resolves."""
        if self.sealed:
            raise Evicted
        return self._submit(event, path, ops, key, blobs, others)

    async def record(
        self, scope: Scope, event: Event, path: str, ops: Sequence[Op] = (), key: DataKey | None = None,
        blobs: Sequence[BlobRow] = (), others: Sequence[EventRow] = (),
    ) -> None:  # fmt: skip
        """Write an event and wait until it is on disk; nothing is reported done before that.

        What cannot be encoded is refused before it takes a place in the log: the caller is told, and goes on.
        """
        if self.sealed:
            raise Evicted
        durable = self._submit(event, path, ops, key, blobs, others)
        at = self.at
        scope.interruptible = False
        try:
            await durable
        except Conflict as refusal:
            # the pen is ahead of the log: read the run again, and refuse this path there
            self.lose(refusal, path + _BESIDE.get(refusal.query.partition(".")[0], ""))
            raise Evicted from refusal
        except Exception as wrong:
            self.lose(wrong)
            raise Evicted from wrong
        finally:
            scope.interruptible = True
        if self.sealed:
            raise Evicted
        scope.last_at = at
        if scope.stopping and isinstance(event, _SETTLES):
            self.leave_here(scope, path)

    def note(self, event: Event, path: str = "", ops: Sequence[Op] = ()) -> None:
        """Write an event whose place in the order matters, but which nobody has to wait for."""
        if self.sealed:
            raise Evicted
        self.at = self.now()
        self.outbox.note(event, path, self.at, ops)

    def admit(self, event: ActionAdmitted, path: str, ops: Sequence[Op] = ()) -> None:
        """Note that an action is let pass and about to be performed: on its way to the log before contact (S3)."""
        if self.sealed:
            raise Evicted
        self.at = self.now()
        self.outbox.admit(event, path, self.at, ops)

    @property
    def next_seq(self) -> int:
        """The place of the event that is written next."""
        self.outbox.seal()
        return self.pen.seq + 1

    def on_ground(self) -> Ground:
        """What the store cannot give is no error of the flow: the run is read again once the ground holds."""
        return self._ground

    async def settled(self) -> None:
        """Wait until everything written so far is in the log, or refused."""
        await self.outbox.settled()

    # --- scopes ---------------------------------------------------------------------------------------

    def scope(self) -> Scope:
        """The scope that is calling; refuses a run that has left this process."""
        if self.sealed:
            raise Evicted
        return current_scope(self)

    async def go_live(self, scope: Scope, *, acts: bool = True) -> None:
        """Pass from what is recorded to what is not: the point at which cancels and pauses take hold. A halt keeps
        nobody from finding out what became of a write (`acts`).
        """
        if self.sealed:
            raise Evicted
        if scope.stopping and self.must_leave(scope):
            self.deliver_cancel(scope)
        ending = self.journal.mismatch or self.stopped
        if ending is not None:
            raise ending  # a flow that swallowed it must not act any more
        if self.must_stand and (acts or self.dry or self.holding):
            await self.stand(scope)
        if self.pen.seq - self.row.base_seq + 1 >= self.services.limits.journal_events:
            await asyncio.sleep(0)  # a flow that swallows this and tries for ever must not block the loop
            raise JournalFull(
                f"{self.row.id} has {self.services.limits.journal_events:,} events in one generation, "
                "the most it may have.",
                "Let a long-lived flow start afresh from time to time: run.continue_as(…).",
            )

    @property
    def quiet(self) -> str:
        """What this is, if no network belongs to it: a rehearsal, a fork, a test (S26)."""
        if self.dry:
            return "a rehearsal"
        return "the body of a fork" if self.simulation is not None else self.services.quiet

    @property
    def ending(self) -> Exception | None:
        """Why the run takes no further step: code that does not fit its journal, or a step that said stop."""
        return self.journal.mismatch or self.stopped

    def must_leave(self, scope: Scope) -> bool:
        """Whether a cancel is due; one of a branch alone waits until its claimed write has an answer (S12)."""
        return scope.stopping and (not scope.shielded or self.cancelling)

    def deliver_cancel(self, scope: Scope) -> NoReturn:
        """Tell a scope, once, that it is cancelled."""
        scope.leave()

    def leave_here(self, scope: Scope, path: str) -> None:
        """Deliver a cancel that came during what stands at `path` there, not in the cleaning up after it (S12)."""
        if self.must_leave(scope) and not self.dry:
            self.note(ScopeDecided(CANCEL_POINT, -1, "cancelled"), path)
            scope.last_at = self.at
            self.deliver_cancel(scope)

    def cancel(self, scopes: Sequence[Scope]) -> None:
        """Cancel scopes and what runs in them: in a wait or a read at once, in a write after its receipt (S12)."""
        chosen = with_branches(scopes, self.scopes)
        for scope in chosen:
            scope.stop()
        for wait in self.waits:
            if self.must_leave(wait.scope):
                self.waits.resolve(wait, Cancelled())
        for scope in chosen:
            if self.must_leave(scope) and scope.interruptible and scope.task is not None:
                scope.stopping, scope.cancelled = False, True
                scope.task.cancel()

    # --- waiting --------------------------------------------------------------------------------------

    async def wait(self, scope: Scope, path: str, reason: ParkReason, due: int | None) -> Message | str:
        """Wait durably: for a message, for a time, or until the run leaves memory."""
        if self.sealed:
            raise Evicted
        if self.must_leave(scope):
            self.deliver_cancel(scope)
        wait = Wait(path, reason, due, scope, asyncio.get_running_loop().create_future())
        scope.interruptible = False
        self.waits.add(wait, timed=not self.dry)
        self.became_idle()
        try:
            return await wait.future
        except Cancelled:
            scope.stopping, scope.cancelled = False, True
            raise
        finally:
            scope.interruptible = True
            self.waits.remove(wait)

    def became_idle(self) -> None:
        """One branch less is busy; when none is, see whether it is time to leave."""
        self.active -= 1
        if self.active == 0:
            self.leave_soon()

    def became_busy(self) -> None:
        """One branch more is busy."""
        self.active += 1

    # --- leaving --------------------------------------------------------------------------------------

    def finish(self, outcome: Outcome) -> None:
        """The segment is over; the first reason counts."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def lose(self, why: BaseException, path: str = "") -> None:
        """What is in memory does not match the log any more: fenced, refused, or the log cannot be written."""
        self.sealed = True
        self.outbox.send()
        self.finish(Outcome("lost", value=path, error=why))

    def evict(self) -> None:
        """Let go of every frame; sealed as the run is, unwinding them changes nothing."""
        self.sealed = True
        self.waits.dissolve(Evicted)
        for task in self.tasks:
            if not task.done() and task is not asyncio.current_task():
                asyncio.get_running_loop().call_soon(_interrupt, task, self.scopes)

    def park_because(self, reason: ParkReason, detail: str) -> None:
        """Leave memory until a person has done something about it."""
        op = Op("runs.park", (self.row.id, reason.value, self.mailbox.seen, None, self.now()))
        self._leave(
            RunParked(reason.value, None, detail), op, Outcome("parked", status=reason.value, value=detail)
        )

    async def write_last(self, event: Event, ops: Sequence[Op], blobs: Sequence[BlobRow]) -> None:
        """Write the event after which nothing more is written."""
        self.sealed = True
        await self._submit(event, "", ops, None, blobs)

    async def stop_everything_else(self, root: Scope) -> None:
        """Cancel branches that the flow left behind, and wait until their writes have a receipt."""
        left = [scope for scope in self.scopes if scope is not root]
        others = {task for task in self.tasks if task is not asyncio.current_task()}
        if left and others:
            self.cancel(left)
            self.became_idle()  # cleaning up may wait durably, and then the run has to be able to leave
            await asyncio.wait(others)
            self.became_busy()
        if self.sealed and not self.dry:
            raise Evicted

    def renew(self, seq: int, generation: int, journal: Journal) -> None:
        """Go on as a new generation, with a journal that starts here."""
        self.row = replace(self.row, base_seq=seq, generation=generation)
        self.journal = journal

    def leave_soon(self) -> None:
        """See in a moment whether it is time to leave memory."""
        asyncio.get_running_loop().call_soon(self._leave_if_idle)

    def _leave_if_idle(self) -> None:
        try:
            self._leave_unless_busy()
        except Exception as wrong:  # noqa: BLE001 - the loop calls this, and would only report it
            self.lose(wrong)

    def _leave_unless_busy(self) -> None:
        if self.active > 0 or not self.waits or self.sealed or self.outcome.done():
            return  # without a wait it is a moment between two: what was waited for has just ended
        if self.dry:
            self.finish(Outcome("dry", status="waiting"))
        elif self.draining:
            self._release()
        elif not self._due_soon():
            self._park()

    def _due_soon(self) -> bool:
        due = self.waits.next_due()
        return due is not None and due <= self.now() + self.services.limits.linger

    def _park(self) -> None:
        faults.reach("park.before")
        reason = self.waits.most_urgent()
        due = None if self.holding else self.waits.next_due()
        op = Op("runs.park", (self.row.id, reason.value, self.mailbox.seen, due, self.now()))
        self._leave(RunParked(reason.value, due), op, Outcome("parked", status=reason.value, value=due))

    def _release(self) -> None:
        op = Op("runs.release", (self.row.id, self.now()))
        self._leave(RunParked("drained", None), op, Outcome("released"))

    def _leave(self, event: Event, op: Op, outcome: Outcome) -> None:
        self.sealed = True
        durable = self._submit(event, "", (op,))

        def left(committed: asyncio.Future[Committed]) -> None:
            if committed.cancelled():
                return
            wrong = committed.exception()
            try:
                if wrong is None:
                    faults.reach("park.recorded")
            except Exception as failed:  # noqa: BLE001 - the run is parked, and somebody has to hear of it
                wrong = failed
            self.finish(outcome if wrong is None else Outcome("lost", error=wrong))

        durable.add_done_callback(left)

    # --- inside ---------------------------------------------------------------------------------------

    def _submit(
        self, event: Event, path: str, ops: Sequence[Op] = (), key: DataKey | None = None,
        blobs: Sequence[BlobRow] = (), others: Sequence[EventRow] = (),
    ) -> asyncio.Future[Committed]:  # fmt: skip
        self.at = self.now()
        return self.outbox.write(event, path, self.at, ops, key, blobs, others)

    def _message_came(self, path: str, message: Message) -> None:
        wait = self.waits.at(path)
        if wait is not None:
            self.waits.resolve(wait, message)


def cancelled_wait(execution: Execution, scope: Scope, path: str, kind: str, *ops: Op) -> None:
    """Journal that a wait ended because its branch was cancelled."""
    execution.mailbox.close(path)
    recorded = execution.journal.at_path.get(path)
    known = bool(recorded) and isinstance(recorded[-1].event, WaitClosed)
    if not execution.sealed and not execution.dry and not known:
        execution.note(WaitClosed(kind, "cancelled"), path, ops)
        scope.last_at = execution.at


def _interrupt(task: asyncio.Task[Any], scopes: set[Scope]) -> None:
    """Cancel what is left of a frame, unless it is performing a write, whose outcome has to be known."""
    writing = any(scope.task is task and not scope.interruptible for scope in scopes)
    if not task.done() and not writing:
        task.cancel()
