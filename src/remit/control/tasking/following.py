"""A task as it goes: what changes of it, one piece of news after the other, whoever executes its run. Words of a model
that are not in the log yet come only where this process executes it, and are provisional (S17).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.runs.inspection import find, show
from remit.control.runs.tree import build_tree
from remit.control.tasking.views import task_of
from remit.domain.event import object_of
from remit.domain.tasks import Task, TaskState
from remit.engine.outside import run_stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

    from remit.control.running.parts import Parts
    from remit.control.runs.views import StepView
    from remit.gate.streams import Frame
    from remit.store.database import Database

Json = Any
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Stands:
    """The task stands elsewhere now; the last one says how it ended."""

    task: Task


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of what a model says; `whole`: all of it, from the log."""

    path: str
    text: str
    attempt: int = 1
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """What was heard of this answer does not count: another attempt begins."""

    path: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Began:
    """A step, an agent or a tool begins."""

    path: str
    name: str
    kind: str
    """`agent`, `tool` or `step`."""
    arguments: Json = None


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over."""

    path: str
    name: str
    kind: str
    result: Json = None
    failed: bool = False
    why: str = ""


News = Stands | Words | Again | Began | Ended


async def follow(parts: Parts, run: str, *, after: int = 0) -> AsyncGenerator[News]:
    """Everything of a task until it has ended; of what its log had told by `after`, nothing again."""
    seen = _Seen()
    if after:
        row = await find(parts.ground.database, run)
        entries, _ = await parts.ground.log.read(run_stream(run), row.base_seq, lenient=True)
        told = build_tree([entry for entry in entries if entry.seq <= after], ended=False)
        for _ in _changes(told, seen):
            pass
    with parts.house.gate.parts.streams.listening(run) as frames:
        ears = _Ears(frames, parts.ground.database)
        try:
            while not seen.over:
                async for news in _look(parts, run, seen):
                    yield news
                for frame in () if seen.over else await ears.heard():
                    if (said := _heard(frame, seen)) is not None:
                        yield said
        finally:
            ears.close()


class _Ears:
    """Both that something may be in the log, and what a model says meanwhile."""

    def __init__(self, frames: asyncio.Queue[Frame | None], database: Database) -> None:
        self._frames = frames
        self._database = database
        self._hearing: asyncio.Task[Frame | None] | None = asyncio.ensure_future(frames.get())
        self._changing: asyncio.Task[object] | None = None

    async def heard(self) -> list[Frame]:
        """Wait for something; gives the pieces that were said."""
        if self._changing is None:
            self._changing = asyncio.ensure_future(self._database.wait_for_change(_LOOK_SECONDS))
        waited = {self._changing} if self._hearing is None else {self._changing, self._hearing}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if self._changing.done():
            self._changing.result()
            self._changing = None
        if self._hearing is None or not self._hearing.done():
            return []
        found = [self._hearing.result()]
        while not self._frames.empty():
            found.append(self._frames.get_nowait())
        self._hearing = None if None in found else asyncio.ensure_future(self._frames.get())
        return [frame for frame in found if frame is not None]

    def close(self) -> None:
        """Wait for nothing more."""
        for each in (self._hearing, self._changing):
            if each is not None:
                each.cancel()


class _Seen:
    """What was told so far."""

    def __init__(self) -> None:
        self.head = 0
        self.state: TaskState | None = None
        self.waits: Any = None
        self.steps: dict[str, str] = {}
        self.said: dict[str, str] = {}
        """The words of an answer that were heard before the log had it."""
        self.over = False


async def _look(parts: Parts, run: str, seen: _Seen) -> AsyncGenerator[News]:
    """What the log has that was not told yet."""
    head = (await parts.ground.database.fetch("log.last", run_stream(run)))[0][0]
    row = await find(parts.ground.database, run)  # after it: what the head stands for, the row knows of
    if head == seen.head and not row.status.ended and seen.state is not TaskState.SUBMITTED:
        return
    task, view = await task_of(parts.ground, row), await show(parts.ground, run)
    ended = task.state.ended and view.run.ended_at is not None
    if seen.state is None and not ended and task.state is not TaskState.SUBMITTED:
        yield Stands(task)
        seen.state, seen.waits = task.state, task.waits
    for news in _changes(view.steps, seen):
        yield news
    if (task.state, task.waits) != (seen.state, seen.waits):
        yield Stands(task)
        seen.state, seen.waits = task.state, task.waits
    seen.head, seen.over = head, ended


def _changes(steps: list[StepView], seen: _Seen) -> Iterator[News]:
    """What began, what came of everything in it, and its end: in this order."""
    for step in sorted(steps, key=lambda each: each.started_at):
        kind, before = _kind_of(step), seen.steps.get(step.path)
        over = step.state in {"done", "failed", "cancelled"}
        if kind not in {"", "model"} and before is None:
            yield Began(step.path, step.name, kind, _arguments(step))
        yield from _changes(step.children, seen)
        if over and kind and before != "over":
            yield from _over(step, kind, seen)
        seen.steps[step.path] = "over" if over else "begun"


def _over(step: StepView, kind: str, seen: _Seen) -> Iterator[News]:
    if kind != "model":
        failed = step.state != "done"
        yield Ended(step.path, step.name, kind, step.result, failed, step.detail if failed else "")
        return
    text, heard = _text(step.result), seen.said.pop(step.path, "")
    if step.state == "done" and (text or heard):
        yield Words(step.path, text, whole=True)


def _heard(frame: Frame, seen: _Seen) -> News | None:
    if seen.steps.get(frame.path) == "over":
        return None  # the log has it already
    if frame.kind == "reset":
        if not seen.said.pop(frame.path, ""):
            return None
        return Again(frame.path, frame.attempt)
    if frame.kind == "text":
        seen.said[frame.path] = seen.said.get(frame.path, "") + frame.text
        return Words(frame.path, frame.text, frame.attempt)
    return None


def _kind_of(step: StepView) -> str:
    """What a place of the tree is to whoever follows; empty for what is of no interest to them."""
    if step.kind in {"agent", "model"}:
        return step.kind
    if step.kind in {"step", "write"}:
        return "tool" if step.action is not None and step.action.effect else "step"
    return ""


def _arguments(step: StepView) -> Json:
    return step.action.arguments if step.action is not None else None


def _text(result: Json) -> str:
    """What a model said, without what it asked for."""
    message = object_of(object_of(result).get("message") or result)
    parts: list[Json] = message.get("parts") or []
    return "".join(str(each["text"]) for each in map(object_of, parts) if each.get("type") == "text")
