"""A task as its log tells it: where it stands, what was said, what it waits for, what it gave. It reads, and changes
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.approving.inbox import item
from remit.control.runs.tree import open_waits
from remit.domain.action_errors import REFUSALS
from remit.domain.errors import AlreadyDecided, Rejected, UnknownApproval
from remit.domain.event import object_of
from remit.domain.events import RunContinued, RunCreated, RunEnded, WaitClosed, WaitOpened
from remit.domain.runs import ParkReason, RunStatus
from remit.domain.tasks import FLOW, MESSAGE, Task, TaskState, TaskWait
from remit.engine.outside import run_stream
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from remit.control.approving.views import InboxItem
    from remit.control.ground.ground import Ground
    from remit.control.runs.views import WaitView
    from remit.domain.runs import RunRow
    from remit.store.log import Entry

Json = Any
_SAID_NO = REFUSALS | {Rejected.code}
_BY_STATUS = {
    RunStatus.READY: TaskState.SUBMITTED,
    RunStatus.RUNNING: TaskState.WORKING,
    RunStatus.PARKED: TaskState.WORKING,
    RunStatus.SUCCEEDED: TaskState.COMPLETED,
    RunStatus.FAILED: TaskState.FAILED,
    RunStatus.CANCELLED: TaskState.CANCELED,
}
_ASKS = frozenset({ParkReason.HUMAN.value, ParkReason.UNKNOWN.value, ParkReason.SIGNAL.value})
"""What a run that waits for somebody is parked for, the last one perhaps."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a task, and of its tasks how many there are."""

    tasks: tuple[Task, ...]
    total: int
    more: str = ""
    """Where the next page begins; empty: this is the last one."""


def state_of(row: RunRow, waits: list[WaitView], now: int) -> TaskState:
    """Where a task stands, by the row of its run and what that waits for."""
    if row.status is RunStatus.FAILED and row.error in _SAID_NO:
        return TaskState.REJECTED
    if row.status is RunStatus.PARKED:
        waking = row.due is not None and row.due <= now
        asked = row.reason in _ASKS and any(is_asked(wait) for wait in waits)
        return TaskState.INPUT_REQUIRED if asked and not waking else TaskState.WORKING
    return _BY_STATUS[row.status]


def is_asked(wait: WaitView) -> bool:
    """Whether somebody outside of the run has to say something."""
    return bool(wait.approval) or (wait.kind == "signal" and wait.name == MESSAGE)


async def task_of(ground: Ground, row: RunRow) -> Task:
    """A task with everything that whoever gave it may see."""
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    first = entries
    if row.base_seq != 1:
        first, _ = await ground.log.read(run_stream(row.id), 1, lenient=True)
    given = await _given(ground, first)
    waits = [] if row.status.ended else open_waits(entries)
    state = state_of(row, waits, ground.clock.now())
    ended = entries[-1].event if isinstance(entries[-1].event, RunEnded) else None
    return Task(
        row.id, row.flow.removeprefix(FLOW), str(given.get("context", "")), state, entries[-1].at,
        tuple(_history(given, first)), await _resolved(ground, ended.result) if ended else None,
        ended.message if ended else "",
        tuple([await _wait(ground, wait) for wait in waits if is_asked(wait)])
        if state is TaskState.INPUT_REQUIRED else (),
    )  # fmt: skip


async def _given(ground: Ground, entries: list[Entry]) -> dict[str, Json]:
    """The message that the task began with; empty where it was shredded."""
    created = entries[0].event
    if not isinstance(created, RunCreated):
        return {}
    return object_of(await _resolved(ground, created.input.get("message")))


async def _resolved(ground: Ground, value: Json) -> Json:
    return await resolve(value, ground.database, ground.keys) if refers(value) else value


def _history(given: dict[str, Json], entries: list[Entry]) -> list[dict[str, Json]]:
    """What was said to the task: its first message, and those that it has taken in since."""
    said = [given] if given else []
    named: dict[str, str] = {}
    for entry in entries:
        match entry.event:
            case WaitOpened() as opened:
                named[entry.path] = opened.name
            case WaitClosed() as closed if closed.wait == "signal" and named.get(entry.path) == MESSAGE:
                if (more := object_of(closed.value)).get("parts"):
                    said.append(more)
            case RunContinued():
                named.clear()
            case _:
                pass
    return [{"id": str(each.get("id", "")), "role": "user", "parts": each.get("parts", [])} for each in said]


async def _wait(ground: Ground, wait: WaitView) -> TaskWait:
    if not wait.approval:
        return TaskWait("message", wait.path, "It waits for another message.", due=wait.due)
    try:
        question = await item(ground, wait.approval)
    except (AlreadyDecided, UnknownApproval):  # answered in this very moment
        return TaskWait("person", wait.approval, wait.about or wait.name, wait.group, wait.due)
    return TaskWait("person", wait.approval, _about(question), question.group, question.due, question.shape)


def _about(question: InboxItem) -> str:
    """What a person is asked, in one sentence; never what would be done in full, which the inbox shows."""
    value = object_of(question.value)
    if question.kind == "approval":
        tool = str(value.get("tool") or question.name)
        why = str(value.get("reason") or value.get("rule") or "a rule asks")
        return f"{question.group or 'A person'} has to agree to {tool}: {why}. ({question.id})"
    if question.kind == "human":
        said = question.value if isinstance(question.value, str) else str(value.get("question", "") or "")
        return f"{question.group or 'A person'} is asked{': ' + said if said else ''} ({question.id})"
    return f"{question.group or 'A person'} has to say what became of {question.name} ({question.id})."
