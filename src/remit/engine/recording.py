"""Journaling how a step came out, and telling the flow exactly what a replay would tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain import action_errors, errors
from remit.domain.errors import NotEncodable, StepFailed, StopRun, TooLarge
from remit.domain.events import StepDone
from remit.domain.events import StepFailed as StepFailedEvent
from remit.engine import faults
from remit.engine.values import restore, to_flow, to_journal
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from remit.engine.call import Call
    from remit.engine.execution import Execution

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
    await execution.record(call.scope, event, call.path, ops, call.key, blobs)
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
    await execution.record(call.scope, event, call.path, ops, call.key)
    return _failure(execution, call, event)


async def let_pass(execution: Execution, call: Call, number: int) -> None:
    """Have an action let pass; a refusal is its outcome, and is journaled as that."""
    try:
        await call.admit(execution, number)
    except (errors.Refused, errors.RunProblem) as no:
        raise await record_failure(execution, call, no, number, execution.now()) from no


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
    return wrong.code if isinstance(wrong, errors.RemitError) else type(wrong).__name__


def message_of(wrong: BaseException) -> str:
    """What an exception says, never empty."""
    return (wrong.message if isinstance(wrong, errors.RemitError) else str(wrong)) or type(wrong).__name__


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
