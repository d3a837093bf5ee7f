"""What a failed attempt means: again later, a question to a person, or the end of the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import SecretUnavailable
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AskHuman, Cancelled, CircuitOpen, Refused, Rejected, Retry, ToolFailed
from remit.domain.events import StepRetried
from remit.domain.halt_errors import CalledOff
from remit.domain.runs import ParkReason
from remit.engine.asking import LAST_RESORT, Question, ask
from remit.engine.execution import cancelled_wait
from remit.engine.recording import code_of, legible, message_of, record_failure
from remit.engine.retry import clamped, delay, may_retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.store.database import Op
    from remit.store.log import Entry

_LONGEST_GROUP = 150
_MAY_PASS = (CircuitOpen, SecretUnavailable)
"""Refusals that the same call may not meet a moment later; any other stays a no however often it is asked."""


async def resume(execution: Execution, call: Call, recorded: list[Entry]) -> tuple[int, int | None]:
    """The number of the next attempt and when it is due, from what was recorded of earlier ones."""
    retries = [e.event for e in recorded if isinstance(e.event, StepRetried)]
    if not retries:
        return 1, None
    last = retries[-1]
    execution.journal.check(call.path, last.digest, call.digest)
    if last.error == AskHuman.__name__:
        await permission(execution, call, last.attempt)
    return last.attempt + 1, last.due


async def after_failure(execution: Execution, call: Call, wrong: Exception, number: int, started: int) -> int:
    """When the next attempt is due; raises what the flow is told if there is none."""
    if isinstance(wrong, CalledOff):
        return await schedule_retry(execution, call, wrong, number, 0, call.closing(execution))
    if isinstance(wrong, AskHuman):
        # nothing happened, and that is journaled first: a wake must not take the attempt for a lost one
        due = await schedule_retry(execution, call, wrong, number, 0, call.closing(execution))
        await permission(execution, call, number, wrong)
        return due
    allowed = call.retry if isinstance(wrong, Retry) else call.step.retry
    final = isinstance(wrong, ToolFailed) or (isinstance(wrong, Refused) and not isinstance(wrong, _MAY_PASS))
    if final or not may_retry(allowed, number):
        raise await record_failure(execution, call, wrong, number, started) from wrong
    asked = wrong.after if isinstance(wrong, Retry) else None
    return await schedule_retry(execution, call, wrong, number, asked, call.closing(execution))


async def schedule_retry(
    execution: Execution, call: Call, wrong: BaseException, number: int, after: float | None = None,
    ops: Sequence[Op] = (),
) -> int:  # fmt: skip
    """Journal that another attempt is due, so that the count survives a crash."""
    wait = clamped(after if after is not None else delay(call.retry, number))
    due = execution.now() + int(wait * MICROSECONDS)
    event = StepRetried(call.step.name, call.digest, number, code_of(wrong), message_of(wrong), due)
    await execution.record(call.scope, event, call.path, ops, call.key)
    return due


async def pause(execution: Execution, call: Call, due: int | None) -> None:
    """Wait until an attempt is due; a long wait parks the run."""
    if due is None or due <= execution.now():
        return
    try:
        await execution.wait(call.scope, call.path, ParkReason.TIMER, due)
    except Cancelled:
        cancelled_wait(execution, call.scope, call.path, "retry")
        raise


async def permission(execution: Execution, call: Call, number: int, asks: AskHuman | None = None) -> None:
    """Let a person say whether a step goes on after attempt `number`; raises `Rejected` if not."""
    path = f"{call.path}/ask" if number == 1 else f"{call.path}/ask#{number}"
    recorded = execution.journal.look(path)
    if asks is None and not recorded:
        return  # the process died before the question was open; the next attempt asks it again
    group, why = (str(asks.group), message_of(asks)) if asks is not None else (LAST_RESORT, "")
    question = Question("human", legible(group, _LONGEST_GROUP), why, call.step.name, key=call.key)
    closed = await ask(execution, call.scope, path, question, recorded)
    if closed.how != "approved":
        no = Rejected(
            f"{closed.by or 'nobody in time'} did not let {call.path} go on: {closed.comment or closed.how}."
        )
        raise await record_failure(execution, call, no, number, execution.now())
