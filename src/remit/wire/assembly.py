"""A stream put together: neutral events in, at any time the message so far and at the end the whole answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelResponse,
    Part,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from remit.wire.pieces import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterable


class Assembly:
    """What a stream has said so far."""

    def __init__(self, dialect: str = "") -> None:
        self.finished: Finished | None = None
        self.failed: Failed | None = None
        self._dialect = dialect
        self._id = ""
        self._model = ""
        self._usage: Usage | None = None
        self._whole: dict[int, Part] = {}
        self._words: dict[int, Pieces] = {}
        self._opened: dict[int, Part] = {}

    def add(self, event: StreamEvent) -> None:
        """Take note of one event."""
        match event:
            case Started(id=identity, model=model, usage=usage):
                self._id, self._model, self._usage = identity or self._id, model or self._model, usage
            case TextDelta(index=index, text=text):
                self._more(index, Text(""), text)
            case ReasoningDelta(index=index, text=text):
                self._more(index, Reasoning("", self._dialect), text)
            case ToolCallStarted(index=index, id=identity, name=name):
                self._more(index, ToolCall(identity, name, ""), "")
            case ToolCallDelta(index=index, text=text):
                self._more(index, ToolCall("", "", ""), text)
            case PartDone(index=index, part=part):
                self._whole[index] = part
                self._words.pop(index, None)
            case Finished():
                self.finished = event
            case Failed():
                self.failed = event

    @property
    def message(self) -> Message:
        """The message so far."""
        return Message("assistant", tuple(self._part(index) for index in self._indexes()))

    def response(self) -> ModelResponse:
        """The answer; a stream that was cut or failed gives what it had, with finish `error`."""
        finished = self.finished
        return ModelResponse(
            self._model,
            self.message,
            finished.finish if finished is not None else "error",
            finished.usage if finished is not None and finished.usage is not None else self._usage,
            self._id,
            self._dialect,
            finished.extra if finished is not None else {},
        )

    def _more(self, index: int, opened: Part, text: str) -> None:
        self._opened.setdefault(index, opened)
        words = self._words.get(index)
        if words is None:
            words = self._words[index] = Pieces()
        words.append(text)

    def _indexes(self) -> list[int]:
        return sorted(self._whole.keys() | self._opened.keys())

    def _part(self, index: int) -> Part:
        if index in self._whole:
            return self._whole[index]
        opened, words = self._opened[index], str(self._words[index])
        match opened:
            case ToolCall(id=identity, name=name):
                return ToolCall(identity, name, words or "{}")
            case Reasoning(dialect=dialect):
                return Reasoning(words, dialect)
            case _:
                return Text(words)


def assemble(events: Iterable[StreamEvent], dialect: str = "") -> ModelResponse:
    """The answer that a whole stream amounts to."""
    assembly = Assembly(dialect)
    for event in events:
        assembly.add(event)
    return assembly.response()
