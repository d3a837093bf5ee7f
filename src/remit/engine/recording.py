"""Journaling how a step came out, and telling the flow exactly what a replay would tell it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from remit.domain import action_errors, errors
from remit.domain.errors import NotEncodable, StepFailed, StopRun, TooLarge
from remit.domain.events import StepDone
from remit.domain.events import StepFailed as StepFailedEvent
from remit.engine import faults
from remit.engine.asking import withdraw
from remit.engine.values import restore, to_flow, to_journal
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.call import Call
    from remit.engine.execution import Execution
    from remit.store.database import BlobRow, Op

_Outcome = TypeVar("_Outcome", StepDone, StepFailedEvent)

_TELLS_ITSELF: dict[str, type[errors.RemitError]] = {
    kind.code: kind
    for kind in (
        errors.NotEncodable,
        errors.TooLarge,
        errors.TimedOut,
        errors.CircuitOpen,
        errors.UnresolvedEffect,
        errors.CannotSimulate,
        errors.Rejected,
        *action_errors.TOLD,
    )
}
"""Failures that a flow meets as themselves; all others are a `StepFailed`."""

_LONGEST_MESSAGE = 4_000
_LONGEST_NAME = 200


async def record_result(
    execution: Execution, call: Call, result: object, number: int, started: int, how: str = ""
) -> Any:
    """Journal a result; give it to the flow as a replay would."""
    shelf, hint = execution.shelf, call.step.result_hint
    referred = shelf.references
    try:
        owner = f"step {call.path}"
        plain = to_journal(result, hint, owner, execution.services.limits.result_bytes, shelf.refer)
        talks = shelf.references != referred
        value = to_flow(shelf.recall(plain) if talks else plain, hint, owner)
    except (NotEncodable, TooLarge) as wrong:
        raise await record_failure(execution, call, wrong, number, started) from None
    detail, ops = call.settling()
    event = StepDone(call.step.name, call.digest, plain, started, number, how, detail)
    blobs = shelf.unwritten() if talks else ()
    if call.admission is not None and call.admission.leads_on and not blobs:
        _note(execution, call, event, ops)
        faults.reach("step.noted")
        return value
    await _settle(execution, call, event, ops, blobs)
    faults.reach("step.recorded")
    return value


async def record_failure(
    execution: Execution, call: Call, wrong: BaseException, number: int, started: int
) -> Exception:
    """Journal that a step failed for good; gives the error that the flow is told."""
    detail, ops = call.settling(wrong)
    event = StepFailedEvent(
        call.step.name, call.digest, code_of(wrong), message_of(wrong), started, number, detail
    )
    event = await _settle(execution, call, event, ops)
    return _failure(execution, call, event)


def misfit(execution: Execution, call: Call, result: object) -> str:
    """Why an answer that a person gave cannot be the result of this write; empty if it can."""
    limit, owner, hint = execution.services.limits.result_bytes, f"step {call.path}", call.step.result_hint
    try:
        to_flow(to_journal(result, hint, owner, limit, None), hint, owner)
    except (NotEncodable, TooLarge) as wrong:
        return f"it took place, but the answer to that does not fit: {wrong.message}"
    return ""


async def let_pass(execution: Execution, call: Call, number: int) -> None:
    """Have an action let pass; a refusal is its outcome, and is journaled as that."""
    try:
        await call.admit(execution, number)
    except errors.Infrastructure:
        raise
    except Exception as no:  # whatever it is, a replay must come to the same place
        withdraw(execution, call.path)
        raise await record_failure(execution, call, no, number, execution.now()) from no


async def admit(execution: Execution, call: Call, number: int) -> None:
    """Have an action let pass, where a refusal is not its outcome; what was still asked about it is withdrawn."""
    try:
        await call.admit(execution, number)
    except errors.Infrastructure:
        raise
    except Exception:
        withdraw(execution, call.path)
        raise


async def replay_result(execution: Execution, call: Call, done: StepDone) -> Any:
    """A recorded result, as the type the step returns."""
    execution.journal.check(call.path, done.digest, call.digest)
    value = await _resolved(execution, done.result) if refers(done.result) else done.result
    return restore(value, call.step.result_hint)


def replay_failure(execution: Execution, call: Call, failed: StepFailedEvent) -> Exception:
    """A recorded failure, as the error the flow was told."""
    execution.journal.check(call.path, failed.digest, call.digest)
    return _failure(execution, call, failed)


def code_of(wrong: BaseException) -> str:
    """How an exception is named in the log."""
    return legible(
        wrong.code if isinstance(wrong, errors.RemitError) else type(wrong).__name__, _LONGEST_NAME
    )


def message_of(wrong: BaseException) -> str:
    """What an exception says, never empty, never endless, and always text that the log can hold."""
    try:
        said = str(wrong.message if isinstance(wrong, errors.RemitError) else wrong)
    except Exception:  # noqa: BLE001 - it cannot even say what is wrong with it
        said = ""
    if isinstance(wrong, LookupError) and said:
        said = f"{type(wrong).__name__}: {said}"  # its text is a key or an index, and no sentence
    return legible(said or type(wrong).__name__, _LONGEST_MESSAGE)


def legible(text: str, longest: int) -> str:
    """A text that somebody else chose, as one that the log and its tables can hold; what is cut off is counted."""
    length = len(text)
    shown = text if length <= longest else f"{text[:longest]}… ({length:,} characters)"
    if not shown.isascii():
        shown = shown.encode("utf-8", "backslashreplace").decode()
    return shown.replace("\0", "\\x00")


async def _settle(
    execution: Execution, call: Call, event: _Outcome, ops: Sequence[Op], blobs: Sequence[BlobRow] = ()
) -> _Outcome:
    """Journal an outcome; that what belongs beside it cannot be written must not cost the outcome itself (S11)."""
    ops = [*ops, *call.closing(execution)]
    try:
        await execution.record(call.scope, event, call.path, ops, call.key, blobs)
    except NotEncodable:
        if event.detail is None:
            raise
        return await _settle(execution, call, replace(event, detail=None), ops, blobs)
    return event


def _note(execution: Execution, call: Call, event: StepDone, ops: Sequence[Op]) -> None:
    """The same for an outcome that only leads on; what the run does next is written after it, and waits for it."""
    try:
        execution.note(event, call.path, ops)
    except NotEncodable:
        if event.detail is None:
            raise
        return _note(execution, call, replace(event, detail=None), ops)
    call.scope.last_at = execution.at
    return execution.leave_here(call.scope, call.path) if call.scope.stopping else None


async def _resolved(execution: Execution, value: Any) -> Any:
    with execution.on_ground():
        return await resolve(value, execution.services.database, execution.services.keys)


def _failure(execution: Execution, call: Call, failed: StepFailedEvent) -> Exception:
    if failed.error == StopRun.__name__:
        execution.stopped = StopRun(failed.message)
        return execution.stopped
    kind = _TELLS_ITSELF.get(failed.error)
    if kind is not None:
        told: errors.RemitError = kind(failed.message)
    else:
        tries = f" after {failed.attempts} attempts" if failed.attempts > 1 else ""
        told = StepFailed(f"step {call.path} failed{tries}: {failed.message}")
        told.reason = failed.message
    told.detail = failed.detail
    return told
