"""What an upstream says in each dialect, frame by frame, so that a fault can strike at any place of it. It knows no
socket and no fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.models import wires

SOUND = ("All ", "is ", "well ", "here.")
"""What the sound upstream answers."""
SPOILT = ("This ", "was ", "never ", "finished.")
"""What a faulty one begins to answer."""
ARGUMENTS = ('{"city": ', '"Oslo", ', '"days": 2}')


@dataclass(frozen=True, slots=True)
class Speech:
    """One answer as frames: what opens it, what it says, what it calls (at once, or after words), what ends it."""

    opening: tuple[bytes, ...]
    words: tuple[bytes, ...]
    tool: tuple[bytes, ...]
    tool_after: tuple[bytes, ...]
    ending: tuple[bytes, ...]
    error: bytes
    empty: tuple[bytes, ...]

    @property
    def whole(self) -> tuple[bytes, ...]:
        """An answer in words."""
        return (*self.opening, *self.words, *self.ending)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one of the four APIs speaks."""

    name: str
    speech: Callable[[Sequence[str]], Speech]
    body: Callable[[str], dict[str, Any]]
    refusal: Callable[[int, str], dict[str, Any]]
    nothing: dict[str, Any]


def _frame(event: dict[str, Any], *, named: bool = False) -> bytes:
    return wires.sse(event, named=named)


# --- OpenAI, chat ---------------------------------------------------------------------------------------------


def _chat(words: Sequence[str]) -> Speech:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        said = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-2026"}
        return _frame({**said, "choices": [choice], **more})

    def call(**more: Any) -> bytes:
        return chunk({"tool_calls": [{"index": 0, **more}]})

    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    tool = (
        call(id="call_1", type="function", function={"name": "get_weather", "arguments": ""}),
        *(call(function={"arguments": piece}) for piece in ARGUMENTS),
    )
    return Speech(
        opening=(chunk({"role": "assistant", "content": ""}),),
        words=tuple(chunk({"content": word}) for word in words),
        tool=tool,
        tool_after=tool,
        ending=(chunk({}, "stop"), chunk({}, choices=[], usage=usage), b"data: [DONE]\n\n"),
        error=_frame(wires.openai_error("server_error", "The server had an error.")),
        empty=(chunk({}, choices=[]), b"data: [DONE]\n\n"),
    )


def _openai_refusal(status: int, message: str) -> dict[str, Any]:
    kinds = {429: ("rate_limit_error", "rate_limit_exceeded")}
    kind, code = kinds.get(status, ("server_error", None))
    return wires.openai_error(kind, message, code)


# --- OpenAI, responses ----------------------------------------------------------------------------------------


def _responses(words: Sequence[str]) -> Speech:
    frames = (
        wires.responses_stream(words)
        .replace(b'"cached_tokens"', WRITTEN + b'"cached_tokens"')
        .split(b"\n\n")[:-1]
    )
    frames = [frame + b"\n\n" for frame in frames]
    first, last = 4, 4 + len(words)
    empty = json.loads(frames[-1].split(b"data: ")[1])
    del empty["response"]["output"]
    empty["sequence_number"] = 2
    return Speech(
        opening=tuple(frames[:2]),
        words=(b"".join(frames[2:first]) + frames[first], *frames[first + 1 : last]),
        tool=_function_call(0, 2),
        tool_after=(*frames[last : last + 3], *_function_call(1, last + 3)),
        ending=tuple(frames[last:]),
        error=_event("error", 3, code="server_error", message="The server had an error.", param=None),
        empty=(*frames[:2], _frame(empty, named=True)),
    )


WRITTEN = b'"cache_write_tokens": 0, '
"""What the newest client wants to see beside what was cached."""


def _responses_whole(text: str) -> dict[str, Any]:
    said = wires.responses_whole(text)
    said["usage"]["input_tokens_details"]["cache_write_tokens"] = 0
    return said


def _function_call(index: int, at: int) -> tuple[bytes, ...]:
    place = {"item_id": "fc_1", "output_index": index}
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "get_weather"}
    added = {**item, "arguments": "", "status": "in_progress"}
    return (
        _event("response.output_item.added", at, output_index=index, item=added),
        *(
            _event("response.function_call_arguments.delta", at + 1 + number, **place, delta=piece)
            for number, piece in enumerate(ARGUMENTS)
        ),
    )


def _event(kind: str, number: int, **more: Any) -> bytes:
    return _frame({"type": kind, "sequence_number": number, **more}, named=True)


# --- Anthropic ------------------------------------------------------------------------------------------------


def _anthropic(words: Sequence[str]) -> Speech:
    frames = [_frame(event, named=True) for event in wires.anthropic_events(words)]
    return Speech(
        opening=(frames[0],),
        words=(frames[1] + frames[2] + frames[3], *frames[4 : 3 + len(words)]),
        tool=_tool_use(0),
        tool_after=(frames[3 + len(words)], *_tool_use(1)),
        ending=tuple(frames[3 + len(words) :]),
        error=_frame(wires.anthropic_error("api_error", "Internal server error"), named=True),
        empty=(frames[0], frames[-1]),
    )


def _tool_use(index: int) -> tuple[bytes, ...]:
    block: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ARGUMENTS]
    return (
        _frame({"type": "content_block_start", "index": index, "content_block": block}, named=True),
        *(
            _frame({"type": "content_block_delta", "index": index, "delta": delta}, named=True)
            for delta in deltas
        ),
    )


def _anthropic_refusal(status: int, message: str) -> dict[str, Any]:
    kinds = {429: "rate_limit_error", 529: "overloaded_error"}
    return wires.anthropic_error(kinds.get(status, "api_error"), message)


# --- Gemini ---------------------------------------------------------------------------------------------------


def _gemini(words: Sequence[str]) -> Speech:
    def piece(part: dict[str, Any], **more: Any) -> bytes:
        candidate = {"content": {"role": "model", "parts": [part]}, "index": 0, **more}
        return _frame({"candidates": [candidate], "modelVersion": "m-2026", "responseId": "r1"})

    usage = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
    said = {"modelVersion": "m-2026", "responseId": "r1", "usageMetadata": usage}
    last = {"content": {"role": "model", "parts": [{"text": ""}]}, "index": 0, "finishReason": "STOP"}
    tool = (piece({"functionCall": {"name": "get_weather", "args": {"city": "Oslo", "days": 2}}}),)
    return Speech(
        opening=(piece({"text": ""}),),
        words=tuple(piece({"text": word}) for word in words),
        tool=tool,
        tool_after=tool,
        ending=(_frame({"candidates": [last], **said}),),
        error=_frame(_google_refusal(503, "The server had an error.")),
        empty=(_frame({"candidates": [], **said}),),
    )


def _google_refusal(status: int, message: str) -> dict[str, Any]:
    kinds = {429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 529: "UNAVAILABLE"}
    said = wires.google_error(kinds.get(status, "INTERNAL"), message)
    said["error"]["code"] = status
    return said


def _without(body: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}


DIALECTS = {
    each.name: each
    for each in (
        Dialect("openai_chat", _chat, wires.chat_whole, _openai_refusal, {**wires.chat_whole(""), "choices": []}),
        Dialect(
            "openai_responses", _responses, _responses_whole, _openai_refusal,
            _without(_responses_whole(""), "output"),
        ),
        Dialect(
            "anthropic", _anthropic, wires.anthropic_whole, _anthropic_refusal,
            _without(wires.anthropic_whole(""), "content"),
        ),
        Dialect("gemini", _gemini, wires.gemini_whole, _google_refusal, {**wires.gemini_whole(""), "candidates": []}),
    )
}  # fmt: skip
