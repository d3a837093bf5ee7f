"""Journaling how a step came out, and telling the flow exactly what a replay would tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain import errors
from remit.domain.errors import NotEncodable, StepFailed, StopRun, TooLarge
from remit.domain.events import StepDone
from remit.domain.events import StepFailed as StepFailedEvent
from remit.engine import faults
from remit.engine.values import restore, to_journal
from remit.store.conversations import refers

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
    )
}
"""Failures that a flow meets as themselves; all others are a `StepFailed`."""


async def record_result(
    execution: Execution, call: Call, result: object, number: int, started: int, how: str = ""
) -> Any:
    """Journal a result; give it to the flow as a replay would."""
    shelf = execution.shelf
    referred = shelf.references
    try:
        plain, value = to_journal(
            result, call.step.result_hint, call.path, execution.services.limits.result_bytes, shelf.refer
        )
    except (NotEncodable, TooLarge) as wrong:
        raise await record_failure(execution, call, wrong, number, started) from None
    talks = shelf.references != referred
    event = StepDone(call.step.name, call.digest, plain, started, number, how)
    blobs = shelf.unwritten() if talks else ()
    await execution.record(call.scope, event, call.path, (), call.key, blobs)
    faults.reach("step.recorded")
    return await shelf.resolve(value, execution.services.database) if talks else value


async def record_failure(
    execution: Execution, call: Call, wrong: BaseException, number: int, started: int
) -> Exception:
    """Journal that a step failed for good; gives the error that the flow is told."""
    event = StepFailedEvent(call.step.name, call.digest, code_of(wrong), message_of(wrong), started, number)
    await execution.record(call.scope, event, call.path)
    return _failure(call, event)


async def replay_result(execution: Execution, call: Call, done: StepDone) -> Any:
    """A recorded result, as the type the step returns."""
    execution.journal.check(call.path, done.digest, call.digest)
    value = restore(done.result, call.step.result_hint)
    return await execution.shelf.resolve(value, execution.services.database) if refers(done.result) else value


def replay_failure(execution: Execution, call: Call, failed: StepFailedEvent) -> Exception:
    """A recorded failure, as the error the flow was told."""
    execution.journal.check(call.path, failed.digest, call.digest)
    return _failure(call, failed)


def code_of(wrong: BaseException) -> str:
    """How an exception is named in the log."""
    return wrong.code if isinstance(wrong, errors.RemitError) else type(wrong).__name__


def message_of(wrong: BaseException) -> str:
    """What an exception says, never empty."""
    return (wrong.message if isinstance(wrong, errors.RemitError) else str(wrong)) or type(wrong).__name__


def _failure(call: Call, failed: StepFailedEvent) -> Exception:
    if failed.error == "StopRun":
        return StopRun(failed.message)
    kind = _TELLS_ITSELF.get(failed.error)
    if kind is not None:
        return kind(failed.message)
    tries = f" after {failed.attempts} attempts" if failed.attempts > 1 else ""
    return StepFailed(f"step {call.path} failed{tries}: {failed.message}")
