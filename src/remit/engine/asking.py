"""Asking a person: an open question in the inbox, a durable wait, a verdict, or what happens when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Cancelled, InvalidName, InvalidSetting, NotEncodable, StopRun
from remit.domain.events import ApprovalDecided, WaitClosed, WaitEscalated, WaitOpened
from remit.domain.ids import approval_id
from remit.domain.runs import ParkReason
from remit.engine import faults
from remit.engine.execution import cancelled_wait
from remit.engine.scope import parent_path
from remit.engine.waits import DUE
from remit.store.database import Op
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.execution import Execution
    from remit.engine.mailbox import Message
    from remit.engine.scope import Scope
    from remit.store.keys import DataKey
    from remit.store.log import Entry

    Reviewer = Callable[["Question"], WaitClosed | StopRun]

LAST_RESORT = "operators"
"""The group that a question without another one escalates to."""
_LONGEST_GROUP = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom."""

    kind: str
    group: str
    value: Any
    name: str = ""
    due: int | None = None
    otherwise: str = "reject"
    fingerprint: str = ""
    reason: ParkReason = ParkReason.HUMAN
    key: DataKey | None = None
    """Another data key than the run's: what is asked about is about a subject."""
    ops: tuple[Op, ...] = ()
    """What is committed with the question."""
    shape: Any = None
    """The JSON Schema that another value in its place has to fit; None: anything does."""
    note: str = ""
    """What the person is told beside it."""


async def ask(
    execution: Execution, scope: Scope, path: str, question: Question, recorded: list[Entry], *extra_keys: str
) -> WaitClosed:
    """Wait for the verdict on a question, however often the process dies meanwhile."""
    closed = next((e.event for e in recorded if isinstance(e.event, WaitClosed)), None)
    scripted = execution.simulation.reviewer if execution.simulation is not None else None
    if scripted is not None:
        return await _told(execution, scope, path, question, recorded, scripted)
    if closed is not None:
        if closed.how == "cancelled":
            execution.deliver_cancel(scope)
        return closed
    due, identity = await _open(execution, scope, path, question, recorded)
    wake = due
    while True:
        answer = await _wait(execution, scope, path, question, wake, identity, extra_keys)
        if answer != DUE:
            return await _close_with(execution, scope, path, question, answer, identity)  # pyright: ignore[reportArgumentType]
        wake = _still_open(execution, question, due)
        if wake is not None:
            continue
        if not question.otherwise.startswith("escalate"):
            return await _expire(execution, scope, path, question, identity)
        await _escalate(execution, scope, path, question, identity)
        due = None


async def _told(
    execution: Execution, scope: Scope, path: str, question: Question, recorded: list[Entry], reviewer: Reviewer
) -> WaitClosed:  # fmt: skip
    """What somebody answers who is part of the simulation: at once, in no inbox, in the order of the questions."""
    closed = next((e.event for e in recorded if isinstance(e.event, WaitClosed)), None)
    if not recorded:
        await execution.go_live(scope)
        said = (question.kind, question.name, None, question.group, question.otherwise, "", question.value)
        execution.note(WaitOpened(*said, shape=question.shape, note=question.note), path)
    answered = reviewer(question)
    if isinstance(answered, StopRun):
        execution.stopped = answered
        raise answered
    if closed is None:
        await execution.record(scope, answered, path, (), question.key)
    return closed or answered


def _still_open(execution: Execution, question: Question, due: int | None) -> int | None:
    """Silence is a yes only once both clocks are past the time: somebody may have set the wall clock forward (S15).

    Gives when to look again, by the wall clock as it is now.
    """
    time = execution.services.time
    if due is None or question.otherwise != "approve" or time.earliest() >= due:
        return None
    return time.on_the_wall(due)


def withdraw(execution: Execution, path: str) -> None:
    """What was asked about the action at `path` in an earlier life need not be answered: it is refused without that."""
    if not execution.asked or execution.dry:
        return
    for place, opened in execution.journal.open_waits():
        if opened.approval and parent_path(place) == path and place not in execution.mailbox.over:
            close = Op("approvals.close", (opened.approval, "withdrawn", execution.now()))
            execution.note(WaitClosed(opened.wait, "withdrawn"), place, [close])
            execution.mailbox.close(place)


def check(question: Question) -> None:
    """Refuse what cannot be asked, before it has a place in the order of the run."""
    name, _, other = question.otherwise.partition(":")
    if question.otherwise not in {"reject", "approve", "escalate"} and not (name == "escalate" and other):
        raise InvalidSetting(
            f'run.human cannot do "{question.otherwise}" when nobody answers.',
            'Use "reject", "approve", "escalate" or "escalate:group".',
        )
    for group in (question.group, other):
        if not group.isprintable() or len(group) > _LONGEST_GROUP:
            raise InvalidName(
                f"no group of people can be called {group[:_LONGEST_GROUP]!r}.",
                "Use a name that can be read on one line.",
            )
    try:
        canonical.encode(question.value)
    except NotEncodable as wrong:
        raise NotEncodable(
            f"run.human asks about something that cannot be journaled: {wrong.message}"
        ) from None


async def _open(
    execution: Execution, scope: Scope, path: str, question: Question, recorded: list[Entry]
) -> tuple[int | None, str]:
    execution.asked = True
    opened = next((e.event for e in recorded if isinstance(e.event, WaitOpened)), None)
    if opened is not None:
        escalated = any(isinstance(e.event, WaitEscalated) for e in recorded)
        return (None if escalated else opened.due), opened.approval
    await execution.go_live(scope, acts=question.kind != "unknown")
    identity = approval_id(f"{execution.row.id}.{execution.row.generation}", path)
    event = WaitOpened(
        question.kind,
        question.name,
        question.due,
        question.group,
        question.otherwise,
        identity,
        question.value,
        question.shape,
        question.note,
    )
    row = (
        identity, execution.row.team, execution.row.id, path, execution.next_seq, question.kind, question.name,
        question.group, question.fingerprint, execution.now(), question.due,
    )  # fmt: skip
    await execution.record(scope, event, path, [Op("approvals.ask", row), *question.ops], question.key)
    faults.reach("wait.opened")
    return question.due, identity


async def _wait(
    execution: Execution, scope: Scope, path: str, question: Question, due: int | None, identity: str,
    extra_keys: tuple[str, ...],
) -> Message | str:  # fmt: skip
    wanted = (f"approval:{identity}", *extra_keys)
    message = None if execution.must_leave(scope) else execution.mailbox.expect(path, *wanted)
    if message is not None and not execution.dry:
        return message
    try:
        return await execution.wait(scope, path, question.reason, due)
    except Cancelled:
        cancelled_wait(
            execution,
            scope,
            path,
            question.kind,
            Op("approvals.close", (identity, "withdrawn", execution.now())),
        )
        raise


async def _close_with(
    execution: Execution, scope: Scope, path: str, question: Question, message: Message, identity: str
) -> WaitClosed:
    with execution.on_ground():
        event = (await execution.services.log.read_one(message.stream, message.seq)).event
    take = Op("inbox.take", (execution.row.id, message.id))
    if isinstance(event, ApprovalDecided):
        value = event.value if event.edited else question.value
        closed = WaitClosed(question.kind, event.verdict, message.ref, value, event.by, event.comment)
        ops = [take]
    else:
        value = getattr(event, "result", None)
        closed = WaitClosed(question.kind, "late receipt", message.ref, value, getattr(event, "worker", ""))
        ops = [take, Op("approvals.close", (identity, "withdrawn", execution.now()))]
    execution.mailbox.consume(path)
    await execution.record(scope, closed, path, ops, question.key)
    faults.reach("wait.closed")
    return closed


async def _expire(
    execution: Execution, scope: Scope, path: str, question: Question, identity: str
) -> WaitClosed:
    approved = question.otherwise == "approve"
    closed = WaitClosed(
        question.kind, "approved" if approved else "expired", "", question.value if approved else None
    )
    close = Op("approvals.close", (identity, "expired", execution.now()), one=_may_conflict(execution, path))
    await execution.record(scope, closed, path, [close], question.key)
    execution.mailbox.close(path)
    return closed


async def _escalate(execution: Execution, scope: Scope, path: str, question: Question, identity: str) -> None:
    group = question.otherwise.partition(":")[2] or LAST_RESORT
    hand_over = Op("approvals.escalate", (identity, group), one=_may_conflict(execution, path))
    await execution.record(scope, WaitEscalated(identity, group), path, [hand_over])


def _may_conflict(execution: Execution, path: str) -> bool:
    """A verdict that came in the last moment counts: the log refuses, and the run is read again with its mail."""
    return path not in execution.refused
