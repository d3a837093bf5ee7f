"""Tasks in the words of A2A 1.0: the JSON of messages, tasks, artifacts and of the events of a stream. Pure: it answers
no request and knows no SDK; whoever serves or calls agents hands it plain JSON.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.domain.tasks import Task, TaskState
from remit.wire.tasks import attachment, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.domain.tasks import TaskWait

Json = Any
STATES: dict[TaskState, str] = {state: f"TASK_STATE_{state.name}" for state in TaskState}
RESULT = "result"
"""The one artifact of a task."""
_ROLES = {"user": "ROLE_USER", "agent": "ROLE_AGENT"}
_TYPES = ("text/", "image/", "audio/", "application/json", "application/pdf", "application/octet-stream")
"""What a message may bring; the kinds that an agent can be handed."""


def accepts(media_type: str) -> bool:
    """Whether a part of this kind can be taken."""
    return not media_type or media_type.lower().startswith(_TYPES)


def foreign_types(message: Json) -> list[str]:
    """The media types in a message that cannot be taken."""
    kinds = (str(object_of(part).get("mediaType", "")) for part in _list(object_of(message).get("parts")))
    return [kind for kind in kinds if not accepts(kind)]


def parts_from(message: Json) -> list[dict[str, Json]]:
    """The parts of a message, as the log holds them."""
    found: list[dict[str, Json]] = []
    for part in map(object_of, _list(object_of(message).get("parts"))):
        kind, name = str(part.get("mediaType", "")), str(part.get("filename", ""))
        if "text" in part:
            found.append({"text": str(part["text"])})
        elif "raw" in part:
            found.append({"file": attachment(_bytes(part["raw"]), kind, name)})
        elif "url" in part:
            found.append({"url": str(part["url"]), "media_type": kind, "name": name})
        elif "data" in part:
            found.append({"data": part["data"]})
        else:
            raise InvalidInput("a part of the message has no content.", "It is text, raw, url or data.")
    if not found:
        raise InvalidInput("the message has no parts.", "Say something.")
    return found


def part_to(part: dict[str, Json]) -> dict[str, Json]:
    """A part, as A2A writes it."""
    if "text" in part:
        return {"text": part["text"]}
    if "file" in part:
        file = object_of(part["file"])
        return _named({"raw": file["data"]}, file)
    if "url" in part:
        return _named({"url": part["url"]}, part)
    return {"data": part["data"]}


def message_to(said: dict[str, Json], task: str, context: str) -> dict[str, Json]:
    """A message of a task's history."""
    return {
        "messageId": said["id"], "contextId": context, "taskId": task, "role": _ROLES[said["role"]],
        "parts": [part_to(part) for part in said["parts"]],
    }  # fmt: skip


def task_to(task: Task, *, history: int | None = None, artifacts: bool = True) -> dict[str, Json]:
    """A task; of its history the last `history` messages."""
    whole: dict[str, Json] = {"id": task.id, "contextId": task.context, "status": status_to(task)}
    shown = (
        task.history
        if history is None
        else task.history[len(task.history) - history :]
        if history > 0
        else ()
    )
    if shown:
        whole["history"] = [message_to(said, task.id, task.context) for said in shown]
    if artifacts and (parts := parts_of(task.result)):
        whole["artifacts"] = [artifact_to(parts)]
    return whole


def artifact_to(parts: Iterable[dict[str, Json]]) -> dict[str, Json]:
    """What a task gives."""
    return {"artifactId": RESULT, "name": RESULT, "parts": [part_to(part) for part in parts]}


def status_to(task: Task) -> dict[str, Json]:
    """Where a task stands; with what is wanted, or with what became of it."""
    status: dict[str, Json] = {"state": STATES[task.state], "timestamp": timestamp(task.changed_at)}
    parts: list[dict[str, Json]] = []
    if task.waits and task.state is TaskState.INPUT_REQUIRED:
        parts = [part for wait in task.waits for part in _wanted(wait)]
    elif task.why:
        parts = [{"text": task.why}]
    if parts:
        said = {"id": f"{task.id}.{task.state.value}", "role": "agent", "parts": parts}
        status["message"] = message_to(said, task.id, task.context)
    return status


def status_update(task: Task) -> dict[str, Json]:
    """The event that a task stands elsewhere now."""
    return {"taskId": task.id, "contextId": task.context, "status": status_to(task)}


def artifact_update(
    task: Task, parts: Iterable[dict[str, Json]], *, append: bool = False, last: bool = False
) -> dict[str, Json]:
    """The event that there is something of what a task gives."""
    return {
        "taskId": task.id, "contextId": task.context, "artifact": artifact_to(parts), "append": append,
        "lastChunk": last,
    }  # fmt: skip


def timestamp(at: int) -> str:
    """A time as A2A writes it: UTC, to the millisecond."""
    text = datetime.fromtimestamp(at / MICROSECONDS, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _wanted(wait: TaskWait) -> list[dict[str, Json]]:
    """What has to be said for the task to go on: in words, and for whoever reads data."""
    if wait.kind == "message":
        return [{"text": wait.about}]
    asked: dict[str, Json] = {"question": wait.id, "group": wait.group, "answers": ["approve", "reject"]}
    if wait.shape is not None:
        asked["schema"] = wait.shape
    if wait.due is not None:
        asked["due"] = timestamp(wait.due)
    return [{"text": wait.about}, {"data": asked}]


def _named(part: dict[str, Json], of: dict[str, Json]) -> dict[str, Json]:
    if of.get("media_type"):
        part["mediaType"] = of["media_type"]
    if of.get("name"):
        part["filename"] = of["name"]
    return part


def _bytes(raw: Json) -> bytes:
    try:
        return base64.b64decode(str(raw), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("a file of the message is no base64.") from None


def _list(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else []
