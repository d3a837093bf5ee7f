"""Event streams of the Messages API, written from neutral events of any dialect.

Blocks come one after another here, while other dialects may go on with several at once. A text or a thought ends when
another part speaks; a tool call has to stay whole, so what comes meanwhile waits until the call is done.
"""

from __future__ import annotations

from remit.wire.anthropic.blocks_out import encode_answered
from remit.wire.anthropic.errors import error_body
from remit.wire.anthropic.names import NAME, Block, Json
from remit.wire.anthropic.responses import encode_usage, stopped
from remit.wire.arguments import as_object, json_text
from remit.wire.messages import (
    Failed,
    Finished,
    Part,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from remit.wire.opaque import own
from remit.wire.sse import frame

_OfPart = TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta | PartDone

PING = frame('{"type": "ping"}', "ping")
"""Keeps a connection alive while nothing is to be said."""


class Encoder:
    """One stream to a client. Usage is always told, since the events require it."""

    def __init__(self, *, model: str, identity: str, at: int = 0, usage: bool = True) -> None:  # noqa: ARG002
        self._model = model
        self._identity = identity
        self._at = at
        self._out: list[bytes] = []
        self._begun = False
        self._ended = False
        self._usage: Usage | None = None
        self._called = False
        self._refusal: str | None = None
        self._place = -1
        self._speaks: int | None = None
        self._kind = ""
        self._said: list[str] = []
        self._past: set[int] = set()
        self._waiting: dict[int, list[_OfPart]] = {}

    def feed(self, event: StreamEvent) -> bytes:
        """The frames that say so."""
        if self._ended:
            return b""
        match event:
            case Started():
                self._begin(event)
            case Finished():
                self._finish(event)
            case Failed(message=message, kind=kind):
                self._fail(kind, message)
            case _:
                self._begin(Started())
                self._say(event)
        out, self._out = b"".join(self._out), []
        return out

    # --- the whole ---

    def _begin(self, event: Started) -> None:
        if self._begun:
            return
        self._begun, self._usage = True, event.usage
        message: Block = {
            "id": self._identity or event.id or f"msg_{self._at}",
            "type": "message",
            "role": "assistant",
            "model": self._model or event.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": encode_usage(event.usage),
        }
        self._send("message_start", message=message)

    def _finish(self, event: Finished) -> None:
        if event.finish == "error":
            self._fail("server", "the model's answer ended in an error")
            return
        self._begin(Started())
        self._end_block()
        while self._waiting:
            self._release()
            self._end_block()
        finish = "tools" if event.finish == "stop" and self._called else event.finish
        mine = event.extra if event.dialect == NAME else {}
        extra = {key: mine[key] for key in _STOPS if key in mine}
        usage = encode_usage(event.usage or self._usage, mine.get("usage"))
        self._send("message_delta", delta={**stopped(finish, self._refusal), **extra}, usage=usage)
        self._send("message_stop")
        self._ended = True

    def _fail(self, kind: str, message: str) -> None:
        self._ended = True
        self._out.append(frame(json_text(error_body(kind, message)), "error"))

    # --- part by part ---

    def _say(self, event: _OfPart) -> None:
        index = event.index
        if self._speaks is not None and self._speaks != index:
            if self._kind == "tool_use":
                self._waiting.setdefault(index, []).append(event)
                return
            self._end_block()
        match event:
            case TextDelta(text=text):
                self._begin_block(index, {"type": "text", "text": ""})
                self._delta("text_delta", "text", text)
            case ReasoningDelta(text=text):
                self._begin_block(index, {"type": "thinking", "thinking": "", "signature": ""})
                self._delta("thinking_delta", "thinking", text)
            case ToolCallStarted() if index not in self._past:
                self._begin_call(index, ToolCall(event.id, event.name))
            case ToolCallDelta(text=text) if self._speaks == index:
                self._delta("input_json_delta", "partial_json", text)
            case PartDone(part=part) if self._speaks == index or index not in self._past:
                self._done(index, part)
                self._release()
            case _:
                pass  # the rest of a call that ended before it was done: it cannot be taken back

    def _done(self, index: int, part: Part) -> None:
        match part:
            case Text(text=text):
                if text or self._speaks == index:
                    self._begin_block(index, {"type": "text", "text": ""})
                    self._delta("text_delta", "text", self._missing(text))
                for citation in own(part.opaque, NAME).get("citations") or ():
                    self._begin_block(index, {"type": "text", "text": ""})
                    self._block_delta({"type": "citations_delta", "citation": citation})
            case Refusal(text=text):
                self._refusal = text
                self._begin_block(index, {"type": "text", "text": ""})
                self._delta("text_delta", "text", self._missing(text))
            case Reasoning():
                self._thought(index, part)
            case ToolCall():
                self._begin_call(index, part)
                self._delta("input_json_delta", "partial_json", self._missing_arguments(part.arguments))
            case _:
                if block := encode_answered(part):
                    self._begin_block(index, block)
        self._end_block()
        self._past.add(index)

    def _thought(self, index: int, part: Reasoning) -> None:
        block = encode_answered(part) or {}
        if block.get("type") != "thinking":
            self._begin_block(index, block)
            return
        self._begin_block(index, {**block, "thinking": "", "signature": ""})
        self._delta("thinking_delta", "thinking", self._missing(block.get("thinking", "")))
        if signature := block.get("signature"):
            self._block_delta({"type": "signature_delta", "signature": signature})

    def _begin_call(self, index: int, part: ToolCall) -> None:
        self._called = True
        block = encode_answered(part) or {}
        self._begin_block(index, {**block, "input": {}})

    def _begin_block(self, index: int, block: Block) -> None:
        if self._speaks == index and self._kind == block["type"]:
            return
        self._end_block()
        self._speaks, self._kind, self._said = index, block["type"], []
        self._place += 1
        self._send("content_block_start", index=self._place, content_block=block)

    def _end_block(self) -> None:
        if self._speaks is None:
            return
        self._past.add(self._speaks)
        self._speaks = None
        self._send("content_block_stop", index=self._place)

    def _release(self) -> None:
        """What waited for a call to end, part by part, up to the next call that is not done."""
        while self._waiting and self._speaks is None:
            for event in self._waiting.pop(min(self._waiting)):
                self._say(event)

    def _missing(self, text: str) -> str:
        """What of a whole part was not said yet. What was said otherwise cannot be taken back."""
        said = "".join(self._said)
        return text.removeprefix(said) if text.startswith(said) else ""

    def _missing_arguments(self, arguments: str) -> str:
        """Of a call that came whole, an object in any case: clients read nothing else."""
        if self._said:
            return self._missing(arguments)
        value = as_object(arguments)
        return json_text(value) if value else ""

    def _delta(self, kind: str, key: str, text: str) -> None:
        if text:
            self._said.append(text)
            self._block_delta({"type": kind, key: text})

    def _block_delta(self, delta: Block) -> None:
        self._send("content_block_delta", index=self._place, delta=delta)

    def _send(self, kind: str, **fields: Json) -> None:
        self._out.append(frame(json_text({"type": kind, **fields}), kind))


_STOPS = ("stop_reason", "stop_sequence", "stop_details", "container")
