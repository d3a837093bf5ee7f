"""News of a task as events of AG-UI: what the model says, which tools are called and what came of it, which agent is at
work, and at the end a result, an error, or interrupts, which are the questions that the run waits with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.tasking.following import Again, Began, Ended, Stands, Words
from remit.domain.event import object_of
from remit.domain.tasks import Task, TaskState
from remit.server.agui.asked import MESSAGE
from remit.wire import canonical
from remit.wire.a2a import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.control.tasking.following import News
    from remit.domain.tasks import TaskWait

Json = Any
_DEPTH = 1
"""Slashes in the path of the model of whoever was asked."""
_VERDICT: dict[str, Json] = {
    "type": "object",
    "properties": {
        "decision": {"type": "string", "enum": ["approve", "reject"]},
        "comment": {"type": "string"},
        "value": {},
    },
    "required": ["decision"],
}


class Telling:
    """One stream: what is open in it, and what was said."""

    def __init__(self, thread: str, run: str, task: str, before: list[dict[str, Json]] | None = None) -> None:
        self._thread, self._run, self._task = thread, run, task
        self._open: dict[str, str] = {}
        """The message that is being said at a path."""
        self._said: dict[str, str] = {}
        self._steps: list[str] = []
        self._messages: list[dict[str, Json]] = list(before or [])
        self._taken_back = False
        self.over = False

    def begin(self, ignored: tuple[str, ...] = ()) -> Iterator[dict[str, Json]]:
        """The first events: that it runs, as what, and what of the request counts for nothing."""
        yield {"type": "RUN_STARTED", "threadId": self._thread, "runId": self._run}
        yield {"type": "CUSTOM", "name": "remit.task", "value": {"id": self._task}}
        if ignored:
            yield {"type": "CUSTOM", "name": "remit.ignored", "value": {"tools": list(ignored)}}

    def tell(self, news: News) -> Iterator[dict[str, Json]]:
        """The events of one piece of news."""
        match news:
            case Words(path=path) if path.count("/") == _DEPTH:
                yield from self._words(news)
            case Again(path=path) if path in self._open:
                self._taken_back = True
                yield self._end(path, kept=False)
            case Began(kind="tool") as tool:
                yield from self._called(tool)
            case Ended(kind="tool") as tool:
                yield self._came(tool)
            case Began(path=path):
                self._steps.append(path)
                yield {"type": "STEP_STARTED", "stepName": path}
            case Ended(path=path) if path in self._steps:
                self._steps.remove(path)
                yield {"type": "STEP_FINISHED", "stepName": path}
            case Stands(task=task):
                yield from self._stands(task)
            case _:
                pass

    def _words(self, words: Words) -> Iterator[dict[str, Json]]:
        path, said = words.path, self._said.get(words.path, "")
        if words.whole and path in self._open and said != words.text:  # pieces were missed on the way
            self._taken_back = True
            yield self._end(path, kept=False)
            said = ""
        if path not in self._open:
            identity = f"{self._task}/{path}/{'whole' if words.whole else words.attempt}"
            self._open[path], self._said[path] = identity, ""
            yield {"type": "TEXT_MESSAGE_START", "messageId": identity, "role": "assistant"}
        piece = words.text[len(said) :] if words.whole else words.text
        if piece:
            self._said[path] += piece
            yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": self._open[path], "delta": piece}
        if words.whole:
            yield self._end(path, kept=True)

    def _end(self, path: str, *, kept: bool) -> dict[str, Json]:
        identity, text = self._open.pop(path), self._said.pop(path, "")
        if kept:
            self._messages.append({"id": identity, "role": "assistant", "content": text})
        return {"type": "TEXT_MESSAGE_END", "messageId": identity}

    def _called(self, tool: Began) -> Iterator[dict[str, Json]]:
        identity = self._call(tool.path)
        arguments = canonical.encode(tool.arguments if tool.arguments is not None else {}).decode()
        name = tool.name.partition("#")[0]
        yield {"type": "TOOL_CALL_START", "toolCallId": identity, "toolCallName": name}
        yield {"type": "TOOL_CALL_ARGS", "toolCallId": identity, "delta": arguments}
        yield {"type": "TOOL_CALL_END", "toolCallId": identity}
        call = {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
        self._messages.append({"id": identity, "role": "assistant", "toolCalls": [call]})

    def _came(self, tool: Ended) -> dict[str, Json]:
        identity = self._call(tool.path)
        result = tool.why if tool.failed else tool.result
        text = result if isinstance(result, str) else canonical.encode(result).decode()
        self._messages.append(
            {"id": f"{identity}/result", "role": "tool", "toolCallId": identity, "content": text}
            | ({"error": text} if tool.failed else {})
        )
        return {
            "type": "TOOL_CALL_RESULT", "messageId": f"{identity}/result", "toolCallId": identity, "content": text,
            "role": "tool",
        }  # fmt: skip

    def _call(self, path: str) -> str:
        return f"{self._task}/{path}"

    def _stands(self, task: Task) -> Iterator[dict[str, Json]]:
        if task.state not in _LAST:
            return
        for path in list(self._open):
            self._taken_back = True
            yield self._end(path, kept=False)
        for path in reversed(self._steps):
            yield {"type": "STEP_FINISHED", "stepName": path}
        if self._taken_back:
            yield {"type": "MESSAGES_SNAPSHOT", "messages": self._messages}
        self.over = True
        yield self._last(task)

    def _last(self, task: Task) -> dict[str, Json]:
        if task.state in {TaskState.FAILED, TaskState.REJECTED}:
            return {"type": "RUN_ERROR", "message": task.why or "It failed.", "code": task.state.value}
        over: dict[str, Json] = {"type": "RUN_FINISHED", "threadId": self._thread, "runId": self._run}
        if task.state is TaskState.INPUT_REQUIRED:
            asked = [_interrupt(task, wait) for wait in task.waits]
            return over | {"outcome": {"type": "interrupt", "interrupts": asked}}
        if task.state is TaskState.CANCELED:
            return over | {"outcome": {"type": "cancelled"}}
        return over | {"result": task.result, "outcome": {"type": "success"}}


_LAST = frozenset(state for state in TaskState if state.ended) | {TaskState.INPUT_REQUIRED}


def _interrupt(task: Task, wait: TaskWait) -> dict[str, Json]:
    if wait.kind == "message":
        return {"id": f"{task.id}:{MESSAGE}", "reason": "input_required", "message": wait.about}
    asked: dict[str, Json] = {
        "id": f"{task.id}:{wait.id}", "reason": "approval", "message": wait.about,
        "responseSchema": object_of(wait.shape) or _VERDICT, "metadata": {"group": wait.group},
    }  # fmt: skip
    return asked | ({"expiresAt": timestamp(wait.due)} if wait.due is not None else {})
