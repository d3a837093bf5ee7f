"""The body of a segment: the flow is executed from its beginning, generation after generation, to its end.

What the flow returns or raises becomes the end of the run; what it must not swallow passes through. Used by real
segments and by rehearsals, which append nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Cancelled, Evicted, Infrastructure, NotEncodable, StopRun, TooLarge
from remit.domain.events import RunContinued, RunEnded
from remit.domain.runs import ParkReason, RunStatus
from remit.engine import faults
from remit.engine.execution import Outcome
from remit.engine.generation import ContinueAs
from remit.engine.journal import Journal
from remit.engine.outside import run_stream
from remit.engine.recording import code_of, message_of
from remit.engine.run import Run
from remit.engine.scope import Scope
from remit.engine.values import to_journal
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
    if isinstance(error, ContinueAs):
        await _continue(execution, scope, error)
        return True
    if execution.sealed:
        raise Evicted
    await execution.stop_everything_else(scope)
    await _end(execution, status, value, error)
    return False


async def _call_flow(execution: Execution) -> tuple[RunStatus, Any, BaseException | None]:
    flow, created = execution.flow, execution.journal.created
    try:
        given = flow.restore(await execution.shelf.resolve(created.input, execution.services.database))
        value = await flow.fn(Run(execution), **given)
    except Evicted:
        raise
    except asyncio.CancelledError as cancelled:
        if not isinstance(cancelled, Cancelled) and not any(s.cancelled for s in execution.scopes):
            raise
        return RunStatus.CANCELLED, None, None
    except (Exception, ContinueAs) as wrong:  # noqa: BLE001 - whatever the author's code raised ends the run
        return RunStatus.FAILED, None, wrong
    if execution.cancelling:
        return RunStatus.CANCELLED, None, None
    return _checked(execution, value)


def _checked(execution: Execution, value: object) -> tuple[RunStatus, Any, BaseException | None]:
    limits, flow = execution.services.limits, execution.flow
    try:
        plain, _ = to_journal(
            value, flow.result_hint, f"flow {flow.name}", limits.result_bytes, execution.shelf.refer
        )
    except (NotEncodable, TooLarge) as wrong:
        return RunStatus.FAILED, None, wrong
    return RunStatus.SUCCEEDED, plain, None


async def _continue(execution: Execution, scope: Scope, error: ContinueAs) -> None:
    if execution.dry:
        execution.finish(Outcome("dry", "continued"))
        raise Evicted
    given = execution.flow.accept(error.state, execution.shelf.refer)
    generation = execution.row.generation + 1
    event = RunContinued(generation, given)
    seq = execution.pen.seq + 1
    rebase = Op("runs.rebase", (execution.row.id, seq, generation))
    await execution.record(scope, event, "", [rebase], None, execution.shelf.unwritten())
    faults.reach("generation.recorded")
    execution.renew(seq, generation, Journal([Entry(seq, execution.at, "", event)]))


async def _end(execution: Execution, status: RunStatus, value: Any, error: BaseException | None) -> None:
    if execution.dry:
        execution.finish(Outcome("dry", status.value, value, error))
        return
    if execution.journal.mismatch is not None:
        execution.park_because(ParkReason.CODE_CHANGED, execution.journal.mismatch.message)
        return
    faults.reach("end.before")
    code, message = ("", "") if error is None else (code_of(error), message_of(error))
    if isinstance(error, StopRun):
        code = "stopped"
    event = RunEnded(status.value, value, code, message)
    try:
        await execution.write_last(event, _ending(execution, status, code), execution.shelf.unwritten())
    except Infrastructure as wrong:
        execution.lose(wrong)
        return
    faults.reach("end.recorded")
    execution.finish(Outcome("ended", status.value, value, error))


def _ending(execution: Execution, status: RunStatus, code: str) -> list[Op]:
    """Everything that changes with the end of a run: its row, its open questions, its inbox, its parent's inbox."""
    row, now = execution.row, execution.now()
    ops = [Op("runs.finish", (row.id, status.value, code, now))]
    if execution.asked:
        ops.append(Op("approvals.withdraw", (row.id, now)))
    if row.parent is not None:
        stream, seq = run_stream(row.id), execution.pen.seq + 1
        ops.append(Op("inbox.add", (row.parent, f"child-{row.id}", "child", row.id, stream, seq, now)))
        ops.append(Op("runs.mail", (row.parent, now)))
    return ops
