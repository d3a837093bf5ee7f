"""News of a task as the events of an A2A stream: where it stands, and what it gives, piece by piece. The last artifact
is whole and takes the place of the pieces, so that nobody keeps words of an attempt that did not count (S17).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from a2a.types import TaskArtifactUpdateEvent, TaskStatusUpdateEvent
from google.protobuf.json_format import ParseDict

from remit.control.tasking.following import Again, Stands, Words
from remit.domain.tasks import TaskState
from remit.wire.a2a import artifact_update, status_update
from remit.wire.tasks import parts_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from remit.control.tasking.following import News
    from remit.domain.tasks import Task

_DEPTH = 1
"""Slashes in the path of the model of whoever was asked; those whom it asks stand deeper."""


async def events_of(task: Task, news: AsyncIterator[News], *, until_asked: bool) -> AsyncGenerator[Any]:
    """Every change after `task` was told; ends with the task, or (`until_asked`) where it waits for somebody."""
    stood, current, waits = task.state, "", task.waits
    async for each in news:
        match each:
            case Words(path=path, text=text, whole=False) if path.count("/") == _DEPTH:
                yield _artifact(task, text, append=path == current)
                current = path
            case Again(path=path) if path == current:
                current = ""
            case Stands(task=now) if (now.state, now.waits) != (stood, waits):
                if stood is TaskState.SUBMITTED and now.state.ended:  # it went too fast to be seen at work
                    yield _status(replace(now, state=TaskState.WORKING, why=""))
                stood, waits = now.state, now.waits
                if now.state is TaskState.COMPLETED and (parts := parts_of(now.result)):
                    yield ParseDict(artifact_update(now, parts, last=True), TaskArtifactUpdateEvent())
                yield _status(now)
                if until_asked and now.state is TaskState.INPUT_REQUIRED:
                    return
            case _:
                pass


def _artifact(task: Task, text: str, *, append: bool) -> Any:
    return ParseDict(artifact_update(task, [{"text": text}], append=append), TaskArtifactUpdateEvent())


def _status(task: Task) -> Any:
    return ParseDict(status_update(task), TaskStatusUpdateEvent())
