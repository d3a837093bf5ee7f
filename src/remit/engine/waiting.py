"""Waits without a question: for a time, a signal, a child. Each is opened once, closed once, and parks in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Cancelled, Evicted, InvalidName, Rejected, RunFailed, RunWasCancelled
from remit.domain.events import RunEnded, SignalSent, WaitClosed, WaitOpened
from remit.domain.ids import is_code_name
from remit.domain.runs import ParkReason
from remit.engine import faults
from remit.engine.asking import Question, ask, check
from remit.engine.execution import cancelled_wait
from remit.engine.step import seconds
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from datetime import timedelta

    from remit.engine.execution import Execution
    from remit.engine.mailbox import Message
    from remit.engine.scope import Scope
    from remit.store.log import Entry


async def sleep(execution: Execution, duration: float | str | timedelta) -> None:
    """Wait for a time; a restart does not start it over."""
    length = seconds(duration if isinstance(duration, (int, float, str)) else duration.total_seconds())
    scope = execution.scope()
    path = scope.next_path("sleep")
    recorded = execution.journal.take(scope, path, "sleep") or []
    await wait_for_time(execution, scope, path, length, recorded)


async def wait_for_time(
    execution: Execution, scope: Scope, path: str, length: float, recorded: list[Entry]
) -> None:
    """The durable timer behind `sleep` and `timeout`."""
    if _closed(execution, scope, recorded):
        return
    due = _opened_due(recorded)
    if due is None:
        await execution.go_live(scope)
        due = execution.now() + int(length * MICROSECONDS)
        execution.note(WaitOpened("timer", due=due), path)
        scope.last_at = execution.at
        faults.reach("wait.opened")
    if due > execution.now() or execution.dry or execution.must_leave(scope):
        await _until(execution, scope, path, ParkReason.TIMER, due, "timer")
    await execution.record(scope, WaitClosed("timer", "fired"), path)
    faults.reach("wait.closed")


async def signal(execution: Execution, name: str) -> Any:
    """Wait for a message called `name`; one sent earlier counts."""
    if not is_code_name(name):
        raise InvalidName(
            f'a signal cannot be called "{name}".', "Names are code; put data into the payload."
        )
    scope = execution.scope()
    path = scope.next_path(f"signal.{name}")
    recorded = execution.journal.take(scope, path, f"signal.{name}") or []
    closed = _closed(execution, scope, recorded)
    if closed is None:
        opened = WaitOpened("signal", name)
        message = await _expect(execution, scope, path, opened, f"signal:{name}", ParkReason.SIGNAL, recorded)
        with execution.on_ground():
            event = (await execution.services.log.read_one(message.stream, message.seq)).event
        assert isinstance(event, SignalSent)  # noqa: S101 - the inbox row says so
        closed = WaitClosed("signal", "message", message.ref, event.payload, event.by)
        await _consume(execution, scope, path, closed, message)
    return closed.value


async def human(execution: Execution, question: Question) -> Any:
    """Ask a person of a group; gives the value back, perhaps edited, or raises `Rejected`."""
    check(question)
    scope = execution.scope()
    path = scope.next_path("human")
    recorded = execution.journal.take(scope, path, "human") or []
    opened = next((e.event for e in recorded if isinstance(e.event, WaitOpened)), None)
    if opened is not None and canonical.encode(opened.value) != canonical.encode(question.value):
        raise execution.journal.diverged(
            f"{execution.journal.place(reached=True)}: {path} now asks about another value than recorded."
        )
    closed = await ask(execution, scope, path, question, recorded)
    if closed.how == "approved":
        return closed.value
    said = f": {closed.comment}" if closed.comment else ""
    who = closed.by or f"nobody of {question.group} in time"
    raise Rejected(
        f"{who} rejected what {path} asked{said}." if closed.by else f"{path} was answered by {who}."
    )


async def child(execution: Execution, run: str) -> Any:
    """Wait for a child run to end; gives its result or raises what became of it."""
    scope = execution.scope()
    path = scope.next_path("child")
    recorded = execution.journal.take(scope, path, "child") or []
    closed = _closed(execution, scope, recorded)
    if closed is None:
        opened = WaitOpened("child", run)
        message = await _expect(execution, scope, path, opened, f"child:{run}", ParkReason.CHILD, recorded)
        with execution.on_ground():
            event = (await execution.services.log.read_one(message.stream, message.seq)).event
        assert isinstance(event, RunEnded)  # noqa: S101 - the inbox row says so
        closed = WaitClosed("child", event.status, message.ref, event.result, run, event.message)
        await _consume(execution, scope, path, closed, message)
    if closed.how == "failed":
        raise RunFailed(f"child {run} failed: {closed.comment}")
    if closed.how == "cancelled":
        raise RunWasCancelled(f"child {run} was cancelled.")
    return closed.value


async def _expect(
    execution: Execution, scope: Scope, path: str, opened: WaitOpened, key: str, reason: ParkReason,
    recorded: list[Entry],
) -> Message:  # fmt: skip
    if _opened_due(recorded) is None and not recorded:
        await execution.go_live(scope)
        execution.note(opened, path)
        scope.last_at = execution.at
        faults.reach("wait.opened")
    message = None if execution.must_leave(scope) else execution.mailbox.expect(path, key)
    if message is not None and not execution.dry:
        return message
    answer = await _until(execution, scope, path, reason, None, opened.wait)
    assert not isinstance(answer, str)  # noqa: S101 - a wait without a time ends by a message only
    return answer


async def _until(
    execution: Execution, scope: Scope, path: str, reason: ParkReason, due: int | None, kind: str
) -> Message | str:
    try:
        return await execution.wait(scope, path, reason, due)
    except Cancelled:
        cancelled_wait(execution, scope, path, kind)
        raise


async def _consume(
    execution: Execution, scope: Scope, path: str, closed: WaitClosed, message: Message
) -> None:
    if execution.sealed:
        raise Evicted
    execution.mailbox.consume(path)
    await execution.record(scope, closed, path, [Op("inbox.take", (execution.row.id, message.id))])
    faults.reach("wait.closed")


def _closed(execution: Execution, scope: Scope, recorded: list[Entry]) -> WaitClosed | None:
    closed = next((e.event for e in recorded if isinstance(e.event, WaitClosed)), None)
    if closed is not None and closed.how == "cancelled" and not closed.ref:
        execution.deliver_cancel(scope)
    return closed


def _opened_due(recorded: list[Entry]) -> int | None:
    return next((e.event.due for e in recorded if isinstance(e.event, WaitOpened)), None)
