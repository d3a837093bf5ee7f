"""Streams of `streamGenerateContent?alt=sse`, written from neutral events of any dialect.

Words go out as they come. A call goes out when it is whole, and so does a part with a thought signature, which belongs
to all of it.
"""

from __future__ import annotations

from remit.wire.arguments import json_text
from remit.wire.gemini.errors import error_body
from remit.wire.gemini.names import NAME, Block
from remit.wire.gemini.parts import encode_answered
from remit.wire.gemini.responses import candidate_of
from remit.wire.gemini.usage import encode_usage
from remit.wire.messages import (
    Failed,
    Finish,
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


class Encoder:
    """One stream to a client. Usage is always told, as this API does."""

    def __init__(self, *, model: str, identity: str, at: int = 0, usage: bool = True) -> None:  # noqa: ARG002
        self._model = model
        self._identity = identity
        self._at = at
        self._ended = False
        self._usage: Usage | None = None
        self._said: dict[int, list[str]] = {}
        self._calls: dict[int, tuple[ToolCallStarted, list[str]]] = {}

    def feed(self, event: StreamEvent) -> bytes:
        """The frames that say so."""
        if self._ended:
            return b""
        match event:
            case Started(id=identity, model=model, usage=usage):
                self._identity, self._model = self._identity or identity, self._model or model
                self._usage = usage
            case TextDelta(index=index, text=text):
                return self._words(index, text, {"text": text})
            case ReasoningDelta(index=index, text=text):
                return self._words(index, text, {"text": text, "thought": True})
            case ToolCallStarted(index=index):
                self._calls[index] = (event, [])
            case ToolCallDelta(index=index, text=text) if index in self._calls:
                self._calls[index][1].append(text)
            case PartDone(index=index, part=part):
                return self._done(index, part)
            case Finished():
                return self._finish(event)
            case Failed(message=message, kind=kind, status=status):
                self._ended = True
                return frame(json_text(error_body(kind, message, status=status)))
            case _:
                pass
        return b""

    def _words(self, index: int, text: str, part: Block) -> bytes:
        if not text:
            return b""
        self._said.setdefault(index, []).append(text)
        return self._piece([part])

    def _done(self, index: int, part: Part) -> bytes:
        self._calls.pop(index, None)
        said = "".join(self._said.pop(index, ()))
        block = encode_answered(part)
        if block is None:
            return b""
        match part:
            case Text(text=text, opaque=opaque) if said:
                more = own(opaque, NAME)
            case Refusal(text=text) if said:
                more = {}
            case Reasoning(text=text) if said:
                more = {key: value for key, value in block.items() if key != "text"}
                more = {} if more.keys() <= _THOUGHT else more
            case Text(text="", opaque=None):
                return b""
            case _:
                return self._piece([block])
        missing = text.removeprefix(said) if text.startswith(said) else ""
        if not missing and not more:
            return b""
        thought = {"thought": True} if isinstance(part, Reasoning) else {}
        return self._piece([{"text": missing, **thought, **more}])

    def _finish(self, event: Finished) -> bytes:
        self._ended = True
        mine = event.extra if event.dialect == NAME else {}
        calls = [self._call(index) for index in sorted(self._calls)]
        out = self._piece(calls) if calls else b""
        usage = event.usage or self._usage
        body = self._body([{"text": ""}], event.finish, mine.get("candidate"))
        if usage is not None:
            body["usageMetadata"] = encode_usage(usage, mine.get("usageMetadata"))
        return out + frame(json_text({**body, **{key: mine[key] for key in mine if key not in _OURS}}))

    def _call(self, index: int) -> Block:
        started, words = self._calls[index]
        call = ToolCall(started.id, started.name, "".join(words) or "{}")
        return encode_answered(call) or {}

    def _piece(self, parts: list[Block]) -> bytes:
        return frame(json_text(self._body(parts, None)))

    def _body(self, parts: list[Block], finish: Finish | None, more: Block | None = None) -> Block:
        return {
            "candidates": [{**candidate_of(parts, finish), **(more or {})}],
            "modelVersion": self._model,
            "responseId": self._identity or f"remit-{self._at}",
        }


_THOUGHT = frozenset({"thought"})
_OURS = frozenset({"candidate", "candidates", "usageMetadata"})
