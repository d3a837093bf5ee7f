"""A chat stream going out: neutral events to chunks, role first, usage last and only if asked for, then `[DONE]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from remit.wire import carriage
from remit.wire.dialect import WireError
from remit.wire.messages import (
    Audio,
    Failed,
    Finished,
    Foreign,
    Image,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
)
from remit.wire.opaque import own, rest
from remit.wire.openai_chat.errors import error_body
from remit.wire.openai_chat.parts import NAME, encode_part
from remit.wire.openai_chat.responses import reason_of
from remit.wire.openai_chat.thoughts import own_thoughts, sealed_thought
from remit.wire.openai_chat.tool_calls import encode_call
from remit.wire.openai_chat.turns import encode_audio
from remit.wire.openai_chat.usage import CHAT
from remit.wire.sse import frame

if TYPE_CHECKING:
    from remit.wire.messages import Part, StreamEvent

Json = Any

_ENCODE = msgspec.json.Encoder().encode
_DONE = b"data: [DONE]\n\n"
_BESIDE = frozenset({"choices", "logprobs", "usage", "message"})
_CALL_SHAPE = frozenset({"type", "custom", "function"})
_THOUGHTS = frozenset({"reasoning_content", "reasoning"})


class ChatStreamEncoder:
    """Neutral events of one answer in, bytes of its stream out."""

    def __init__(self, *, model: str, identity: str, at: int = 0, usage: bool = True) -> None:
        self._model = model
        self._id = identity
        self._at = at
        self._usage = usage
        self._head = b""
        self._tail = b',"usage":null}\n\n' if usage else b"}\n\n"
        self._over = False
        self._said: dict[int, int] = {}
        """How many characters of a part went out already."""
        self._numbers: dict[int, int] = {}
        """Which tool call a part is, counted as this dialect counts them."""

    def feed(self, event: StreamEvent) -> bytes:
        """The frames that say so; nothing after the end."""
        if self._over:
            return b""
        begun = b"" if self._head else self._begin(event)
        return begun + self._say(event)

    def _say(self, event: StreamEvent) -> bytes:
        match event:
            case TextDelta(index=index, text=text):
                return self._text(index, text, b'"content"')
            case ReasoningDelta(index=index, text=text):
                return self._text(index, text, b'"reasoning_content"')
            case ToolCallStarted(index=index, id=identity, name=name):
                return self._start_call(index, ToolCall(identity, name, ""))
            case ToolCallDelta(index=index, text=text):
                return self._call_text(index, text)
            case PartDone(index=index, part=part):
                return self._complete(index, part)
            case Finished():
                return self._finish(event)
            case Failed():
                return self._fail(event)
            case Started():
                return b""

    def _begin(self, event: StreamEvent) -> bytes:
        """The first chunk; it alone names the role."""
        started = event if isinstance(event, Started) else Started()
        self._head = b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b' % (
            _ENCODE(self._id or started.id),
            self._at,
            _ENCODE(self._model or started.model),
        )
        if isinstance(event, Failed):
            return b""
        return self._delta(b'{"role":"assistant","content":""}')

    def _delta(self, delta: bytes) -> bytes:
        return b'%b,"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":null}]%b' % (
            self._head,
            delta,
            self._tail,
        )

    def _text(self, index: int, text: str, key: bytes) -> bytes:
        self._said[index] = self._said.get(index, 0) + len(text)
        return self._delta(b"{%b:%b}" % (key, _ENCODE(text))) if text else b""

    def _start_call(self, index: int, call: ToolCall) -> bytes:
        number = self._numbers[index] = len(self._numbers)
        self._said[index] = len(call.arguments)
        block = {"index": number, **encode_call(call, to_client=True)}
        return self._delta(_ENCODE({"tool_calls": [block]}))

    def _call_text(self, index: int, text: str) -> bytes:
        begun = b"" if index in self._numbers else self._start_call(index, ToolCall(f"call_{index}", "", ""))
        self._said[index] += len(text)
        block = {"index": self._numbers[index], "function": {"arguments": text}}
        return begun + (self._delta(_ENCODE({"tool_calls": [block]})) if text else b"")

    def _complete(self, index: int, part: Part) -> bytes:
        """What the deltas of a part left unsaid: all of it, the end, or only its opaque keys."""
        match part:
            case Text(text=text):
                return self._text(index, text[self._said.get(index, 0) :], b'"content"')
            case ToolCall():
                return self._complete_call(index, part)
            case Reasoning():
                return self._complete_thoughts(index, part)
            case Refusal(text=text):
                return self._delta(_ENCODE({"refusal": text}))
            case Audio():
                return self._delta(_ENCODE({"audio": encode_audio(part)}))
            case Image():
                return self._delta(_ENCODE({"images": [encode_part(part)]}))
            case Foreign(dialect=dialect) if dialect == NAME:
                return self._delta(_ENCODE({"content": [part.block]}))
            case _:
                return b""  # what a vendor's own tools did stays with the vendor; the words tell of it

    def _complete_call(self, index: int, call: ToolCall) -> bytes:
        if index not in self._numbers:
            return self._start_call(index, call)
        left = call.arguments[self._said[index] :] if self._said[index] or call.arguments != "{}" else ""
        said = self._call_text(index, left)
        keys = rest(own(call.opaque, NAME), _CALL_SHAPE) | carriage.outward(call.opaque, NAME)
        if not keys:
            return said
        # the official client's helper looks for a function in every piece of a call
        piece = {"index": self._numbers[index], "function": {"arguments": ""}, **keys}
        return said + self._delta(_ENCODE({"tool_calls": [piece]}))

    def _complete_thoughts(self, index: int, part: Reasoning) -> bytes:
        if part.dialect == NAME and part.opaque:
            keys = rest(own_thoughts(part), _THOUGHTS) if self._said.get(index) else own_thoughts(part)
        else:
            left = self._text(index, part.text[self._said.get(index, 0) :], b'"reasoning_content"')
            return left + (self._delta(_ENCODE(sealed_thought(part))) if part.opaque else b"")
        return self._delta(_ENCODE(keys)) if keys else b""

    def _finish(self, finished: Finished) -> bytes:
        self._over = True
        extra = finished.extra if finished.dialect == NAME else {}
        frames = [self._delta(_ENCODE(extra["message"]))] if extra.get("message") else []
        choice: dict[str, Json] = {
            "index": 0,
            "delta": {},
            "logprobs": extra.get("logprobs"),
            "finish_reason": reason_of(finished.finish),
        }
        frames += [self._chunk([_as_delta(other)]) for other in extra.get("choices", ())]
        frames.append(self._chunk([choice], rest(extra, _BESIDE)))
        if self._usage and finished.usage is not None:
            frames.append(self._chunk([], {"usage": CHAT.encode(finished.usage, extra.get("usage"))}))
        return b"".join((*frames, _DONE))

    def _chunk(self, choices: list[Json], more: dict[str, Json] | None = None) -> bytes:
        tail = b'%b,"choices":%b' % (self._head, _ENCODE(choices))
        if not more:
            return tail + self._tail
        keys = more if "usage" in more or not self._usage else more | {"usage": None}
        return tail + b"," + _ENCODE(keys)[1:] + b"\n\n"

    def _fail(self, failed: Failed) -> bytes:
        """In band and last: no `[DONE]`, which would read as an end."""
        self._over = True
        return frame(_ENCODE(error_body(WireError(failed.status, failed.kind, failed.message))))


def _as_delta(choice: dict[str, Json]) -> dict[str, Json]:
    """A further choice, whole, as the one delta that says it."""
    delta = dict(choice.get("message") or {})
    calls = delta.get("tool_calls")
    if calls:
        delta["tool_calls"] = [{"index": number, **call} for number, call in enumerate(calls)]
    return {**{key: value for key, value in choice.items() if key != "message"}, "delta": delta}
