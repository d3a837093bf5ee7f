"""The body of a segment: the flow is executed from its beginning, generation after generation, to its end.

What the flow returns or raises becomes the end of the run; what it must not swallow passes through. Used by real
segments and by rehearsals, which append nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from remit.domain import silence
from remit.domain.errors import (
    BadInput,
    Cancelled,
    Evicted,
    Infrastructure,
    NotEncodable,
    Refused,
    StopRun,
    TooLarge,
)
from remit.domain.events import RunContinued, RunEnded
from remit.domain.runs import ParkReason, RunStatus
from remit.engine import faults
from remit.engine.attempts import failure_of
from remit.engine.ending import ending_ops
from remit.engine.execution import Outcome
from remit.engine.generation import ContinueAs
from remit.engine.journal import Journal
from remit.engine.recording import code_of, message_of
from remit.engine.run import Run
from remit.engine.scope import Scope
from remit.engine.values import to_flow, to_journal
from remit.store.conversations import refers, resolve
from remit.store.database import Op
from remit.store.log import Entry

if TYPE_CHECKING:
    from remit.engine.execution import Execution


async def run_body(execution: Execution) -> None:
    """Execute the flow until the run ends or leaves; nothing escapes but a defect of the engine itself."""
    try:
        while await _generation(execution):
            pass
    except Evicted:
        return
    except (Infrastructure, asyncio.CancelledError) as wrong:
        execution.lose(wrong)
    except BaseException as fatal:
        execution.lose(fatal)
        raise


async def _generation(execution: Execution) -> bool:
    """Execute the flow once from its beginning; true if it continues as a new generation."""
    scope = Scope(execution, "", execution.journal.started_at)
    scope.enter()
    execution.scopes = {scope}
    if execution.cancelling or execution.journal.cancel_delivered():
        execution.cancelling = True
        scope.stop()
    status, value, error = await _call_flow(execution)
    await execution.stop_everything_else(scope)
    if isinstance(error, ContinueAs):
        try:
            await _continue(execution, scope, error)
        except (BadInput, Refused, Cancelled) as wrong:
            status, error = RunStatus.FAILED, wrong
        else:
            return True
    if execution.cancelling and (execution.ending or isinstance(error, Cancelled)):
        status, value, error = RunStatus.CANCELLED, None, None
    await end(execution, status, value, error)
    return False


async def _call_flow(execution: Execution) -> tuple[RunStatus, Any, BaseException | None]:
    flow, created = execution.flow, execution.journal.created
    try:
        given = flow.restore(
            await resolve(created.input, execution.services.database, execution.services.keys)
        )
        run = (execution.services.face or Run)(execution)
        with silence.quiet(execution.quiet) if execution.quiet else nullcontext():
            value = await flow.fn(run, **given)
    except Evicted:
        raise
    except asyncio.CancelledError as cancelled:
        if isinstance(cancelled, Cancelled) or any(s.cancelled for s in execution.scopes):
            return RunStatus.CANCELLED, None, None
        return RunStatus.FAILED, None, failure_of(cancelled)
    except ContinueAs as more:
        return RunStatus.FAILED, None, Cancelled() if execution.cancelling else more
    except BaseException as wrong:  # noqa: BLE001 - whatever the author's code raised ends the run
        return RunStatus.FAILED, None, failure_of(wrong)
    if execution.cancelling:
        return RunStatus.CANCELLED, None, None
    if execution.stopped is not None:
        return RunStatus.FAILED, None, execution.stopped  # whoever swallowed it goes no further
    return _checked(execution, value)


def _checked(execution: Execution, value: object) -> tuple[RunStatus, Any, BaseException | None]:
    limits, flow = execution.services.limits, execution.flow
    try:
        owner, shelf = f"flow {flow.name}", execution.shelf
        plain = to_journal(value, flow.result_hint, owner, limits.result_bytes, shelf.refer)
        to_flow(shelf.recall(plain) if refers(plain) else plain, flow.result_hint, owner)
    except (NotEncodable, TooLarge) as wrong:
        return RunStatus.FAILED, None, wrong
    return RunStatus.SUCCEEDED, plain, None


async def _continue(execution: Execution, scope: Scope, error: ContinueAs) -> None:
    if execution.dry:
        execution.finish(Outcome("dry", "continued"))
        raise Evicted
    given = execution.flow.accept(error.state, execution.shelf.refer)
    await execution.stand(scope)
    generation = execution.row.generation + 1
    created = execution.journal.created
    event = RunContinued(generation, given, created.by, created.policy, created.warrant)
    seq = execution.next_seq
    rebase = Op("runs.rebase", (execution.row.id, seq, generation))
    blobs = execution.shelf.unwritten() if refers(given) else ()
    await execution.record(scope, event, "", [rebase], None, blobs)
    faults.reach("generation.recorded")
    execution.renew(seq, generation, Journal([Entry(seq, scope.last_at, "", event)]))


async def end(execution: Execution, status: RunStatus, value: Any, error: BaseException | None) -> None:
    """Write down how the run ended; code that does not fit its journal does not end it, unless it was cancelled."""
    if execution.dry:
        execution.finish(Outcome("dry", status.value, value, error))
        return
    if execution.journal.mismatch is not None and not execution.cancelling:
        execution.park_because(ParkReason.CODE_CHANGED, execution.journal.mismatch.message)
        return
    faults.reach("end.before")
    code, message = ("", "") if error is None else (code_of(error), message_of(error))
    if isinstance(error, StopRun):
        code = "stopped"
    event = RunEnded(status.value, value, code, message)
    try:
        blobs = execution.shelf.unwritten() if refers(value) else ()
        seq, now = execution.next_seq, execution.now()
        ops = ending_ops(execution.row, status, code, seq, now, asked=execution.asked)
        await execution.write_last(event, ops, blobs)
    except (Infrastructure, NotEncodable) as wrong:
        execution.lose(wrong)
        return
    faults.reach("end.recorded")
    execution.finish(Outcome("ended", status.value, value, error))
