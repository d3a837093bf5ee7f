"""Writes: claimed before they act, receipted after, and never guessed about (S10, S11).

After a crash between claim and receipt, or an answer that is no answer, a keyed write is repeated with its key, a
write with a `reconcile` asks the world, and any other becomes `unknown`: a person says whether it happened.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BEFORE_ACTING
from remit.domain.clock import MICROSECONDS
from remit.domain.effects import Absent, Happened
from remit.domain.errors import (
    AskHuman,
    Cancelled,
    CircuitOpen,
    Evicted,
    NotEncodable,
    Retry,
    StopRun,
    TimedOut,
    ToolFailed,
    UnresolvedEffect,
)
from remit.domain.events import StepAbsent, StepClaimed, StepRetried, StepUnknown, WaitOpened
from remit.domain.halt_errors import CalledOff
from remit.domain.ids import approval_id
from remit.domain.runs import ParkReason
from remit.engine import faults
from remit.engine.asking import LAST_RESORT, Question, ask
from remit.engine.attempts import Deadline, admitted, call_in_time, failure_of
from remit.engine.attempts import call as invoke
from remit.engine.card import card_of
from remit.engine.execution import cancelled_wait
from remit.engine.late import report_late
from remit.engine.recording import admit, let_pass, message_of, misfit, record_failure, record_result
from remit.engine.retry import may_retry
from remit.engine.retrying import after_failure, pause, permission, schedule_retry
from remit.engine.step import takes_key
from remit.store.database import Op

if TYPE_CHECKING:
    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.store.log import Entry

_CLAIM_TRIES = 5
_KEYED_TRIES = 5
"""How often a keyed write without a policy is repeated before a person is asked."""


class Unanswered(Retry):
    """The process ended between the claim of a keyed write and its receipt; it is repeated with its key."""


_SURE = (CalledOff, Retry, ToolFailed, AskHuman, StopRun, CircuitOpen, *BEFORE_ACTING)
"""Failures after which it is sure that the attempt did nothing."""
_DEFINITE = {getattr(kind, "code", kind.__name__) for kind in _SURE}


async def perform_write(execution: Execution, call: Call, recorded: list[Entry]) -> Any:
    """A write, from wherever the journal left it."""
    if execution.simulation is not None:
        return await execution.simulation(execution, call, recorded)
    return await Write(execution, call, recorded).run()


class Write:
    """One write on its way to a definite answer."""

    def __init__(self, execution: Execution, call: Call, recorded: list[Entry]) -> None:
        self._execution = execution
        self._call = call
        self._recorded = recorded
        self._number = 1
        self._due: int | None = None
        self._claim: StepClaimed | None = None
        self._first_claim: StepClaimed | None = None
        self._asked_at = 0
        """The attempt after which a person was asked whether to go on."""
        self._questions = 0
        self._asking = False
        self._known = False
        """Whether the outcome of the open claim was found out."""
        self._uncertain: StepClaimed | None = None
        """The claim of an attempt that may have taken place, and is about to be repeated with its key."""
        for entry in recorded:
            self._take_up(entry)

    async def run(self) -> Any:
        """Go on until there is a result or a failure that the flow can be told."""
        while True:
            claim, self._claim = self._claim, None
            settled, value = await (self._settle(claim) if claim is not None else self._go_on())
            if settled:
                return value

    async def _go_on(self) -> tuple[bool, Any]:
        if self._asked_at:
            await permission(self._execution, self._call, self._asked_at)
            self._asked_at = 0
        if self._uncertain is None:
            return await self._try_once()
        self._call.scope.shielded = True  # it may have taken place: no cancel of the branch before its answer
        try:
            return await self._try_once()
        except Cancelled:
            self._leave_open()
            raise
        finally:
            self._call.scope.shielded = False

    async def _try_once(self) -> tuple[bool, Any]:
        await pause(self._execution, self._call, self._due)
        await self._execution.go_live(self._call.scope)
        return await self._attempt()

    def _take_up(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case StepClaimed():
                self._execution.journal.check(self._call.path, event.digest, self._call.digest)
                self._claim, self._number = event, event.attempt
                self._first_claim = self._first_claim or event
                self._call.taken_up(self._execution, event.detail)
                self._call.opening(self._execution)
            case StepUnknown():
                self._questions += 1
                self._asking = True
            case StepRetried():
                self._uncertain = None if event.error in _DEFINITE else self._claim
                if self._uncertain is None:
                    self._call.closing(self._execution)
                self._claim, self._number, self._due = None, event.attempt + 1, event.due
                self._asked_at = event.attempt if event.error == AskHuman.__name__ else 0
            case StepAbsent():
                self._call.closing(self._execution)
                self._claim, self._number = None, self._number + 1
                self._asking = False
            case _:
                pass

    # --- one attempt ----------------------------------------------------------------------------------

    async def _attempt(self) -> tuple[bool, Any]:
        execution, call = self._execution, self._call
        claim, started = None, execution.now()
        uncertain, self._uncertain = self._uncertain, None
        try:
            await self._let_pass(uncertain)
            async with admitted(call.step, execution.services):
                await self._let_pass(uncertain)  # there may have been a queue before the bulkhead
                claim = await self._claim_it()
                started = execution.now()
                left = await self._time_left(claim)
                if left < self._timeout / 2:
                    late = Unanswered("it was not repeated in time")
                    return await (self._settle(uncertain, late) if uncertain else self._too_late(started))
                result = await self._act(claim, left)
        except BaseException as raised:  # noqa: BLE001 - each has its answer
            return await self._after(failure_of(raised), claim, uncertain, started)
        faults.reach("write.performed")
        try:
            value = await record_result(execution, call, result, self._number, started)
        except Evicted:
            execution.services.spawn(report_late(execution, call, result))
            raise
        faults.reach("receipt.recorded")
        return True, value

    async def _let_pass(self, uncertain: StepClaimed | None) -> None:
        if uncertain is None:
            await let_pass(self._execution, self._call, self._number)
        else:
            await admit(self._execution, self._call, self._number)  # a no is not the outcome then

    async def _after(
        self, wrong: Exception, claim: StepClaimed | None, uncertain: StepClaimed | None, started: int
    ) -> tuple[bool, Any]:
        if claim is None and uncertain is not None:
            return await self._settle(
                uncertain, wrong, repeat=False
            )  # a no does not undo the attempt before (S11)
        if isinstance(wrong, _SURE) and not (claim is None and isinstance(wrong, BEFORE_ACTING)):
            return await self._failed_for_sure(wrong, started)
        if claim is None:
            raise wrong  # refused before the claim, and journaled as that
        return await self._settle(claim, wrong)  # whatever else it raised, it may have acted before

    @property
    def _timeout(self) -> float:
        return self._call.step.timeout or self._execution.services.limits.write_timeout

    async def _claim_it(self) -> StepClaimed:
        execution, call = self._execution, self._call
        with execution.on_ground():
            await execution.services.lease.ensure(self._timeout)
        faults.reach("claim.before")
        now = execution.now()
        detail, ops = call.claiming()
        claim = StepClaimed(
            call.step.name, call.digest, self._key(), self._number,
            now + int(self._timeout * MICROSECONDS), self._key_until(now), detail,
        )  # fmt: skip
        fingerprint = call.fingerprint(execution)
        if call.path in execution.refused or (
            fingerprint != call.claimed and fingerprint in execution.unresolved
        ):
            refused = UnresolvedEffect(
                f"{call.path} was not performed: the same write with the same arguments is still unknown, "
                "or under way.",
                "Let the first one end; if it waits for an answer: remit inbox.",
            )
            raise await record_failure(execution, call, refused, self._number, now)
        alone = Op("writes.open", (execution.row.id, call.path, call.opening(execution)), one=True)
        try:
            await execution.record(call.scope, claim, call.path, [alone, *ops])
        except NotEncodable as wrong:
            raise await record_failure(execution, call, wrong, self._number, now) from None
        faults.reach("claim.recorded")
        self._first_claim = self._first_claim or claim
        return claim

    def card(self) -> dict[str, Any]:
        """What a person is shown of this write who has to say something about it."""
        return card_of(self._call, self._key(), self._first_claim and self._first_claim.detail)

    def _key(self) -> str:
        if self._first_claim is not None:
            return self._first_claim.key  # the same write, even if the code calls it by another name now
        row, call = self._execution.row, self._call
        name = f"{row.id}|{row.generation}|{call.path}|{call.digest}"
        return hashlib.sha256(name.encode()).hexdigest()[:40]

    def _key_until(self, now: int) -> int | None:
        if not self._call.step.keyed:
            return None
        first = self._first_claim
        if first is not None and first.key_until is not None:
            return first.key_until  # the key was first shown to the world then, and counts from there
        return now + int(self._call.step.key_ttl * MICROSECONDS)

    async def _time_left(self, claim: StepClaimed) -> float:
        """Seconds in which the call has to be over; this process may have been stopped since it claimed (S10)."""
        execution = self._execution
        with execution.on_ground():
            await execution.services.lease.ensure(self._timeout)
        return min(self._timeout, (claim.until - execution.now()) / MICROSECONDS)

    async def _act(self, claim: StepClaimed, seconds: float) -> object:
        call = self._call
        kwargs = call.kwargs | {"idempotency_key": claim.key} if call.step.keyed else call.kwargs
        call.scope.step = call.path
        call.scope.interruptible = False  # its outcome must be known (S12)
        try:
            clock = self._execution.services.clock
            return await call_in_time(call, kwargs, seconds, clock)
        finally:
            call.scope.step = ""
            call.scope.interruptible = True

    async def _failed_for_sure(self, wrong: Exception, started: int) -> tuple[bool, Any]:
        if isinstance(wrong, StopRun):
            raise await record_failure(self._execution, self._call, wrong, self._number, started) from wrong
        self._due = await after_failure(self._execution, self._call, wrong, self._number, started)
        self._number += 1
        return False, None

    # --- an open claim --------------------------------------------------------------------------------

    async def _too_late(self, started: int) -> tuple[bool, Any]:
        """The claim took longer than the call may: nothing was done; after a few tries that is the answer."""
        if self._number < _CLAIM_TRIES:
            return await self._follow(Absent(), "not started in time")
        slow = TimedOut(
            f"{self._call.path} was not performed: its claim took longer than half of its {self._timeout:g} s.",
            "Give it more time (timeout=…), or find out why the log is slow.",
        )
        raise await record_failure(self._execution, self._call, slow, self._number, started)

    async def _settle(
        self, claim: StepClaimed, wrong: Exception | None = None, *, repeat: bool = True
    ) -> tuple[bool, Any]:
        """Find out what became of a claimed write, and let no cancel of the branch come before (S11, S12)."""
        scope = self._call.scope
        scope.shielded, self._known = True, False
        try:
            return await self._find_out(claim, wrong, repeat=repeat)
        except Cancelled:
            self._leave_open()
            raise
        finally:
            scope.shielded = False

    def _leave_open(self) -> None:
        """The whole run is cancelled, and this write with it: say that nobody knows what it did."""
        execution, call = self._execution, self._call
        if call.claimed and not (self._asking or self._known or execution.sealed or execution.dry):
            why = "the run was cancelled before anybody knew whether it took place"
            execution.note(StepUnknown(call.step.name, call.digest, "", why), call.path)
            self._known = True

    async def _find_out(
        self, claim: StepClaimed, wrong: Exception | None, *, repeat: bool
    ) -> tuple[bool, Any]:
        """False means it may be performed (again)."""
        why = message_of(wrong) if wrong is not None else "the process ended between claim and receipt"
        late = self._execution.mailbox.find(f"late:{self._call.path}")
        if late is None and not self._asking:
            if repeat and self._may_repeat(claim):
                await self._execution.go_live(self._call.scope)
                after = 0.0 if wrong is None else None
                self._due = await schedule_retry(
                    self._execution, self._call, wrong or Unanswered(why), self._number, after
                )
                self._uncertain = claim
                self._number += 1
                return False, None
            if self._call.reconcile is not None:
                verdict = await self._reconcile(claim)
                if verdict is not None:
                    return await self._follow(verdict, "reconciled")
        return await self._ask_a_person(why)

    def _may_repeat(self, claim: StepClaimed) -> bool:
        if claim.key_until is None or self._execution.services.time.latest() >= claim.key_until:
            return False
        policy = self._call.step.retry
        return may_retry(policy, self._number) if policy else self._number < _KEYED_TRIES

    async def _reconcile(self, claim: StepClaimed) -> Happened | Absent | None:
        """Ask the world, but no earlier than the call could still be under way (S10)."""
        execution, call = self._execution, self._call
        earliest = claim.until + int(execution.services.limits.grace * MICROSECONDS)
        if execution.now() < earliest:
            try:
                await execution.wait(call.scope, call.path, ParkReason.TIMER, earliest)
            except Cancelled:
                cancelled_wait(execution, call.scope, call.path, "reconcile")
                raise
        await execution.go_live(call.scope, acts=False)
        if execution.mailbox.find(f"late:{call.path}") is not None:
            return None  # the worker that lost the run has told meanwhile what it did
        faults.reach("reconcile.before")
        reconcile = call.reconcile
        assert reconcile is not None  # noqa: S101 - the caller has looked
        kwargs = call.kwargs | ({"idempotency_key": claim.key} if takes_key(reconcile) else {})
        try:
            async with Deadline(
                execution.services.clock, self._timeout, f"the reconcile of {call.step.name}"
            ):
                verdict = await invoke(reconcile, *call.args, **kwargs)
        except BaseException as raised:  # noqa: BLE001
            failure_of(raised)  # a reconcile that fails knows nothing
            return None
        faults.reach("reconcile.performed")
        return verdict if isinstance(verdict, (Happened, Absent)) else None

    async def _follow(self, verdict: Happened | Absent, how: str) -> tuple[bool, Any]:
        execution, call = self._execution, self._call
        self._known = True
        if isinstance(verdict, Happened):
            return True, await record_result(
                execution, call, verdict.result, self._number, execution.now(), how
            )
        absent = StepAbsent(call.step.name, call.digest, how)
        await execution.record(call.scope, absent, call.path, call.closing(execution))
        self._number += 1
        return False, None

    async def _ask_a_person(self, why: str) -> tuple[bool, Any]:
        execution, call = self._execution, self._call
        self._questions += not self._asking
        path = f"{call.path}/unknown#{self._questions}" if self._questions > 1 else f"{call.path}/unknown"
        if not self._asking:
            await execution.go_live(call.scope, acts=False)
            identity = approval_id(f"{execution.row.id}.{execution.row.generation}", path)
            await execution.record(
                call.scope, StepUnknown(call.step.name, call.digest, identity, why), call.path
            )
            faults.reach("unknown.recorded")
            self._asking = True
        recorded = execution.journal.look(path)
        asked = next((e.event.value for e in recorded if isinstance(e.event, WaitOpened)), None)
        question = Question(
            "unknown", LAST_RESORT, asked or self.card(), call.step.name,
            fingerprint=self._call.fingerprint(self._execution), reason=ParkReason.UNKNOWN, key=call.key,
        )  # fmt: skip
        closed = await ask(execution, call.scope, path, question, recorded, f"late:{call.path}")
        self._asking = False
        if closed.how not in {"late receipt", "approved"}:
            return await self._follow(Absent(), f"denied by {closed.by}")
        result = None if closed.value == question.value else closed.value
        unfit = misfit(execution, call, result)
        if unfit:
            return await self._ask_a_person(unfit)
        how = closed.how if closed.how == "late receipt" else f"confirmed by {closed.by}"
        return await self._follow(Happened(result), how)
