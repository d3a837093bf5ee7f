"""Performing a step: replay what is recorded, or do it once and record it.

The pipe of a step: place it, digest its input, replay or go live, perform under guards, record. Writes take the
longer way of `writing.py`, which claims before it acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_events import ActionAdmitted
from remit.domain.errors import NotEncodable, StopRun
from remit.domain.events import StepDone, StepFailed
from remit.engine import faults
from remit.engine.attempts import attempt, call_in_time, failure_of
from remit.engine.call import Call
from remit.engine.recording import let_pass, record_failure, record_result, replay_failure, replay_result
from remit.engine.retrying import after_failure, pause, resume
from remit.engine.writing import perform_write
from remit.store.conversations import fingerprint
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.engine.admission import Admission
    from remit.engine.execution import Execution
    from remit.engine.step import Step
    from remit.store.log import Entry


async def perform(
    execution: Execution, step: Step, args: tuple[object, ...], kwargs: dict[str, Any],
    admission: Admission | None = None, identity: object = None,
) -> Any:  # fmt: skip
    """One durable step: of the author's own code, or an action that has to be let pass.

    `identity` is its input as plain JSON, from whoever has it as that already.
    """
    call = _place(execution, step, args, kwargs, identity)
    call.admission = admission
    recorded = execution.journal.take(call.scope, call.path, step.name)
    if recorded is not None:
        last = recorded[-1].event
        if isinstance(last, StepDone | StepFailed):
            call.replayed(execution, last.detail)
        if isinstance(last, StepDone):
            return await replay_result(execution, call, last)
        if isinstance(last, StepFailed):
            raise replay_failure(execution, call, last)
    if step.subject:
        call.key = await _subject_key(execution, call)
    try:
        if step.acts:
            return await perform_write(execution, call, recorded or [])
        return await _perform_read(execution, call, recorded or [])
    finally:
        if admission is not None:
            admission.dropped()


async def _perform_read(execution: Execution, call: Call, recorded: list[Entry]) -> Any:
    for entry in recorded:
        if isinstance(entry.event, ActionAdmitted):
            call.taken_up(execution, entry.event.detail)
    number, due = await resume(execution, call, recorded) if recorded else (1, None)
    while True:
        if due is not None:
            await pause(execution, call, due)
        await execution.go_live(call.scope)
        started = execution.now()
        faults.reach("step.before")
        if call.admission is not None:
            await let_pass(execution, call, number)
        try:
            result = await _call(execution, call)
        except StopRun as stop:
            raise await record_failure(execution, call, stop, number, started) from stop
        except BaseException as raised:  # noqa: BLE001 - each has its answer
            due = await after_failure(execution, call, failure_of(raised), number, started)
            number += 1
            continue
        faults.reach("step.performed")
        return await record_result(execution, call, result, number, started)


async def _call(execution: Execution, call: Call) -> object:
    step, call.scope.step = call.step, call.path
    try:
        if step.guarded:
            return await attempt(call, step.timeout, execution.services)
        return await call_in_time(call, call.kwargs, step.timeout, execution.services.clock)
    finally:
        call.scope.step = ""


def _place(
    execution: Execution, step: Step, args: tuple[object, ...], kwargs: dict[str, Any], identity: object
) -> Call:
    """Where a call stands in the run, and what its input is."""
    scope = execution.scope()
    path = scope.next_path(step.name)
    try:
        plain = canonical.plain((args, kwargs), fingerprint) if identity is None else identity
        digest = canonical.digest(plain)
    except NotEncodable as wrong:
        raise NotEncodable(
            f"step {path} was given something that cannot be journaled: {wrong.message}", wrong.hint
        ) from None
    except RecursionError:
        raise NotEncodable(
            f"step {path} was given something that contains itself, or is nested too deep."
        ) from None
    return Call(step, args, kwargs, scope, path, digest)


async def _subject_key(execution: Execution, call: Call) -> Any:
    subject = call.step.subject_of(call.args, call.kwargs)
    if not subject:
        return None
    with execution.on_ground():
        return await execution.services.keys.subject_key(execution.row.team, subject, execution.now())
